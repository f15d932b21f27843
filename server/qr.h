/* qr.h - a text as a QR code of characters, two modules high each, or of two characters a module where the terminal knows ASCII alone. */
#ifndef SERVER_QR_H
#define SERVER_QR_H

#include <stdbool.h>
#include <stdio.h>

/* Nothing is printed if the text doesn't fit a code; that it doesn't fit a terminal is told in its place. `color`: draw dark on light, whatever the terminal's colours are. */
void qr_print(const char *text, bool ascii, bool color, FILE *out);

#endif
