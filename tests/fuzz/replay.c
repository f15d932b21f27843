/* replay.c - runs a fuzz target over its kept corpus, as an ordinary test (TAP): every past crash stays a test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    /* An allocation of the exact size, so that the sanitizer sees a read past the end. */
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    size_t got = data != NULL && size > 0 ? fread(data, 1, (size_t)size, file) : 0;
    fclose(file);
    if (data != NULL)
        LLVMFuzzerTestOneInput(data, got);
    free(data);
    return data != NULL ? 0 : -1;
}

int main(int argc, char **argv)
{
    int runs = 0, failures = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            printf("not ok %d - no corpus %s\n", ++runs, argv[i]);
            failures++;
            continue;
        }
        int before = runs;
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            if (entry->d_name[0] == '.')
                continue;
            int bad = replay(argv[i], entry->d_name);
            failures += bad != 0;
            printf("%sok %d - %s\n", bad != 0 ? "not " : "", ++runs, entry->d_name);
        }
        closedir(folder);
        if (runs == before) {
            printf("not ok %d - nothing in %s\n", ++runs, argv[i]);
            failures++;
        }
    }
    printf("1..%d\n", runs);
    return failures != 0;
}
