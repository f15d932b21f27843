/* view.h - bytes that belong to somebody else. A view never owns and is never freed; whoever hands one out
 * says how long it lives. {0} is the empty view. */
#ifndef SOTTO_VIEW_H
#define SOTTO_VIEW_H

#include <stddef.h>
#include <stdint.h>

typedef struct sotto_view {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;          /* bytes */
} sotto_view;

#endif
