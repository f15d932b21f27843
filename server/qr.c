#include "qr.h"

#include <qrencode.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MARGIN 2 /* modules; the standard wants four, readers take two */

/* Whether a module is dark; those around the code are light. */
static bool is_dark(const QRcode *code, int x, int y)
{
    if (x < 0 || y < 0 || x >= code->width || y >= code->width)
        return false;
    return (code->data[y * code->width + x] & 1) != 0;
}

/* Without colours light modules are drawn, since most terminals are dark. */
static void row_print(const QRcode *code, int y, bool color, FILE *out)
{
    static const char *const halves[2][2] = {{" ", "\u2584"}, {"\u2580", "\u2588"}};
    fputs(color ? "\033[30;107m" : "", out);
    for (int x = -MARGIN; x < code->width + MARGIN; x++) {
        bool top = is_dark(code, x, y), bottom = is_dark(code, x, y + 1);
        fputs(color ? halves[top][bottom] : halves[!top][!bottom], out);
    }
    fputs(color ? "\033[0m\n" : "\n", out);
}

static void row_print_ascii(const QRcode *code, int y, FILE *out)
{
    for (int x = -MARGIN; x < code->width + MARGIN; x++)
        fputs(is_dark(code, x, y) ? "  " : "##", out);
    fputc('\n', out);
}

/* A row that the terminal breaks in two spoils the code. */
static bool is_wider_than(int columns, FILE *out)
{
    struct winsize size;
    return isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 &&
           columns > size.ws_col;
}

void qr_print(const char *text, bool ascii, bool color, FILE *out)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    if (code == NULL)
        return;
    const int columns = (code->width + 2 * MARGIN) * (ascii ? 2 : 1);
    const bool narrow = is_wider_than(columns, out);
    if (narrow)
        fprintf(out, "no QR code: it needs a terminal of %d columns\n", columns);
    for (int y = -MARGIN; !narrow && y < code->width + MARGIN; y += ascii ? 1 : 2) {
        if (ascii)
            row_print_ascii(code, y, out);
        else
            row_print(code, y, color, out);
    }
    QRcode_free(code);
}
