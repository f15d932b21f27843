/* sotto-vectors - runs test vectors that other people made.
 *
 *   sotto-vectors PATH...             every vector file below the folders; a line for each, run on every curve back-end
 *   sotto-vectors --source DIR        what the suite has: $SOTTO_VECTORS, else DIR/tests/vectors/data, else
 *                                     DIR/../shared/vectors
 *   --backend lib25519|sodium|openssl with this curve back-end alone, instead of all that the build has
 *   --tap                             for the suite: the Test Anything Protocol
 *
 * Exit status: 0 all passed, 1 a case failed, 2 nothing could be run. */
#include "vectors.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define README "tests/vectors/data/README.md"

struct run {
    sotto_crypto *crypto[CURVE_BACKENDS]; /* NULL: not in this build, or not asked for */
    enum curve_backend first;             /* for files in which Curve25519 has no part */
    bool tap;
    size_t lines, failed_files;
    size_t cases, failed, left_out;
};

/* " (reason)", or " (8 reason, 4 reason)"; nothing if nothing was left out. What does not fit is cut off. */
static void reasons_print(const struct vectors *v, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < v->reason_count && len < size; i++) {
        const char *between = i == 0 ? " (" : ", ";
        int more = v->reason_count == 1
                       ? snprintf(out + len, size - len, "%s%s", between, v->reasons[i].text)
                       : snprintf(out + len, size - len, "%s%zu %s", between, v->reasons[i].count,
                                  v->reasons[i].text);
        len += more > 0 ? (size_t)more : 0;
    }
    if (len > 0 && len < size)
        snprintf(out + len, size - len, ")");
}

static void report_print(const struct vectors *v, const char *end)
{
    char reasons[2048] = "";
    reasons_print(v, reasons, sizeof reasons);
    printf("%s: %zu run, %zu failed, %zu left out%s%s\n", v->name, v->run, v->failed, v->left_out,
           reasons, end);
}

/* A test that ran nothing is skipped, not passed. */
static void tap_print(const struct run *r, const struct vectors *v)
{
    printf("%s %zu - ", v->failed > 0 ? "not ok" : "ok", r->lines);
    report_print(v, v->run == 0 && v->failed == 0 ? " # SKIP nothing to run" : "");
}

static void line_print(struct run *r, const struct vectors *v)
{
    r->lines++;
    r->failed_files += v->failed > 0;
    r->cases += v->run;
    r->failed += v->failed;
    r->left_out += v->left_out;
    if (r->tap)
        tap_print(r, v);
    else
        report_print(v, "");
    fflush(stdout);
}

static void format_run(struct run *r, const struct format *format, const char *name,
                       sotto_crypto *c, const json_t *root)
{
    struct vectors v = {.crypto = c, .name = name};
    format->run(&v, root);
    case_end(&v);
    line_print(r, &v);
}

/* For people one line a file, whatever the number of back-ends: the cases of the first, and the most that failed on one. */
static void file_on_curves_print(struct run *r, const char *name, const struct vectors *first,
                                 size_t most_failed)
{
    struct vectors v = *first;
    v.name = name;
    v.failed = most_failed;
    line_print(r, &v);
}

static void file_on_curves(struct run *r, const struct format *format, const char *name,
                           const json_t *root)
{
    struct vectors first = {0};
    size_t most_failed = 0;
    for (int i = 0; i < CURVE_BACKENDS; i++) {
        char with_backend[512];
        if (r->crypto[i] == NULL)
            continue;
        snprintf(with_backend, sizeof with_backend, "%s [%s]", name,
                 curve_backend_name((enum curve_backend)i));
        struct vectors v = {.crypto = r->crypto[i], .name = with_backend};
        format->run(&v, root);
        case_end(&v);
        if (r->tap)
            line_print(r, &v);
        if (first.crypto == NULL)
            first = v;
        most_failed = v.failed > most_failed ? v.failed : most_failed;
    }
    if (!r->tap)
        file_on_curves_print(r, name, &first, most_failed);
}

/* A file that can't be read or is no JSON may be a vector file that broke: that is a failure. */
static void file_run(struct run *r, const struct source *file)
{
    char why[256] = "";
    json_t *root = source_load(file->path, why, sizeof why);
    if (root == NULL) {
        struct vectors v = {.name = file->name, .failed = 1};
        fprintf(stderr, "%s: %s\n", file->name, why);
        line_print(r, &v);
        return;
    }
    const struct format *format = format_find(root);
    if (format == NULL) {
        struct vectors v = {.name = file->name};
        count_left_out(&v, format_guess_cases(root), "no vectors of an algorithm of ours");
        line_print(r, &v);
    } else if (format->on_curve != NULL && format->on_curve(root)) {
        file_on_curves(r, format, file->name, root);
    } else {
        format_run(r, format, file->name, r->crypto[r->first], root);
    }
    json_decref(root);
}

static const struct {
    const char *option;
    enum curve_backend backend;
} backends[] = {{"lib25519", CURVE_LIB25519}, {"sodium", CURVE_SODIUM}, {"openssl", CURVE_OPENSSL}};

/* `only` NULL: all that there are. */
static bool backends_open(struct run *r, const char *only)
{
    bool any = false;
    for (size_t i = 0; i < COUNT_OF(backends); i++) {
        enum curve_backend id = backends[i].backend;
        sotto_crypto *c = NULL;
        if (only != NULL && strcmp(only, backends[i].option) != 0)
            continue;
        if (crypto_new(&c) != SOTTO_OK)
            return false;
        if (crypto_use_curve(c, id) != SOTTO_OK) {
            crypto_free(c);
            continue;
        }
        r->crypto[id] = c;
        if (!any || id == curve_backend_default())
            r->first = id;
        any = true;
    }
    if (!any)
        fprintf(stderr, "sotto-vectors: curve back-end %s is not in this build\n", only);
    return any;
}

static void run_clear(struct run *r)
{
    for (size_t i = 0; i < CURVE_BACKENDS; i++)
        crypto_free(r->crypto[i]);
}

/* Where the suite looks; false: there is nothing. */
static bool suite_sources(const char *source, struct sources *files)
{
    const char *named = getenv("SOTTO_VECTORS");
    if (named != NULL && named[0] != '\0')
        return sources_add(files, named);
    static const char *const places[] = {"tests/vectors/data", "../shared/vectors"};
    for (size_t i = 0; i < COUNT_OF(places) && files->count == 0; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", source, places[i]);
        if (access(path, R_OK) == 0 && !sources_add(files, path))
            return false;
    }
    return true;
}

/* The last part of a path, without .xz: what makes two files the same, wherever they lie. */
static view stem_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    view stem = view_str(slash == NULL ? path : slash + 1);
    if (stem.len > 3 && memcmp(stem.data + stem.len - 3, ".xz", 3) == 0)
        stem.len -= 3;
    return stem;
}

static bool has_file(const struct sources *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (view_equal(stem_of(files->items[i].name), stem_of(name)))
            return true;
    return false;
}

/* The README's table names every file of the suite, in backquotes at the beginning of a row. */
static void missing_print(struct run *r, const char *source, const struct sources *files)
{
    char path[4096], line[1024];
    snprintf(path, sizeof path, "%s/%s", source, README);
    FILE *readme = fopen(path, "re");
    while (readme != NULL && fgets(line, sizeof line, readme) != NULL) {
        char name[256];
        if (sscanf(line, "| `%255[^`]`", name) != 1 || has_file(files, name))
            continue;
        if (r->tap)
            printf("ok %zu - %s: not found, %s says where it comes from # SKIP not found\n",
                   ++r->lines, name, README);
        else
            printf("%s: 0 run, 0 failed, 0 left out (not found; %s says where it comes from)\n",
                   name, README);
    }
    if (readme != NULL)
        fclose(readme);
}

static int run_files(struct run *r, const struct sources *files)
{
    for (size_t i = 0; i < files->count; i++)
        file_run(r, &files->items[i]);
    fprintf(stderr, "sotto-vectors: %zu files: %zu cases run, %zu failed, %zu left out\n",
            files->count, r->cases, r->failed, r->left_out);
    return r->failed_files > 0 ? 1 : 0;
}

static int run_suite(struct run *r, const char *source)
{
    struct sources files = {0};
    int status = 2;
    if (suite_sources(source, &files)) {
        status = run_files(r, &files);
        missing_print(r, source, &files);
        if (r->tap)
            printf("1..%zu\n", r->lines);
    }
    sources_clear(&files);
    return status;
}

static int run_paths(struct run *r, char **paths)
{
    struct sources files = {0};
    int status = 0;
    for (; *paths != NULL && status == 0; paths++)
        status = sources_add(&files, *paths) ? 0 : 2;
    if (status == 0 && files.count == 0) {
        fputs("sotto-vectors: no *.json and no *.json.xz there\n", stderr);
        status = 2;
    }
    if (status == 0)
        status = run_files(r, &files);
    if (r->tap && status != 2)
        printf("1..%zu\n", r->lines);
    sources_clear(&files);
    return status;
}

static int usage(FILE *out, int status)
{
    fputs(
        "usage: sotto-vectors [--backend lib25519|sodium|openssl] [--tap] PATH... | --source DIR\n",
        out);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"backend", required_argument, NULL, 'b'},
                                            {"source", required_argument, NULL, 's'},
                                            {"tap", no_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    DEFER(run_clear) struct run r = {0};
    const char *backend = NULL, *source = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'b')
            backend = optarg;
        else if (option == 's')
            source = optarg;
        else if (option == 't')
            r.tap = true;
        else
            return option == 'h' ? usage(stdout, 0) : usage(stderr, 2);
    }
    if ((source == NULL) == (optind == argc))
        return usage(stderr, 2);
    if (!backends_open(&r, backend))
        return 2;
    return source != NULL ? run_suite(&r, source) : run_paths(&r, argv + optind);
}
