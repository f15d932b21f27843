/* lab.c - the commands of the lab. */
#include "commands.h"

const struct cli_command lab_commands[] = {{0}};
