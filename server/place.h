/* place.h - where files lie that were installed together with the program, wherever all of it was put. */
#ifndef SERVER_PLACE_H
#define SERVER_PLACE_H

#include <limits.h>

#include "base/base.h"

/* `place`: absolute, or seen from the folder of the program that runs. CONFIG: /proc is not there; TOO_LARGE. */
SOTTO_MUST_USE sotto_err place_path(const char *place, char ret_path[PATH_MAX]);

/* Where the recipe of this name for a proxy is: installed, or else in the sources. */
const char *place_recipe(const char *name, char ret_path[PATH_MAX]);

#endif
