#include "place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Cuts the last name off: "/usr/bin" becomes "/usr". */
static void folder_up(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = 0;
}

/* The folder of the program that runs, links resolved. */
static bool own_folder(char ret_path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);
    if (len <= 0)
        return false;
    ret_path[len] = 0;
    folder_up(ret_path);
    return true;
}

/* The folder is cut as "../" in front say. */
sotto_err place_path(const char *place, char ret_path[PATH_MAX])
{
    char folder[PATH_MAX] = "";
    const bool is_absolute = place[0] == '/';
    if (!is_absolute && !own_folder(folder))
        return SOTTO_E_CONFIG;
    for (; strncmp(place, "../", 3) == 0; place += 3)
        folder_up(folder);
    int len = snprintf(ret_path, PATH_MAX, "%s%s%s", folder, is_absolute ? "" : "/", place);
    return len >= 0 && len < PATH_MAX ? SOTTO_OK : SOTTO_E_TOO_LARGE;
}

const char *place_recipe(const char *name, char ret_path[PATH_MAX])
{
    char place[PATH_MAX];
    snprintf(place, sizeof place, SHARE_PLACE "/%s", name);
    if (place_path(place, ret_path) != SOTTO_OK || access(ret_path, F_OK) != 0)
        snprintf(ret_path, PATH_MAX, "packaging/%s", name);
    return ret_path;
}
