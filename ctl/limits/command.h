/* The words of submilterctl limits: one file each. As struct command's run; argv[0] is what getopt
 * says for a name. */
#ifndef CTL_LIMITS_COMMAND_H
#define CTL_LIMITS_COMMAND_H

int limits_command_show(const char *config, int argc, char **argv);
int limits_command_reset(const char *config, int argc, char **argv);
int limits_command_top(const char *config, int argc, char **argv);
int limits_command_learn(const char *config, int argc, char **argv);

#endif
