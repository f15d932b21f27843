/* explain.h - how the steps of a run are shown: under headings for people, or as one JSON object a line. */
#ifndef LAB_EXPLAIN_H
#define LAB_EXPLAIN_H

#include "lab/talk.h"

/* A lab_explain_fn whose data is the talk. */
void explain_show(void *talk, const struct lab_record *record);

#endif
