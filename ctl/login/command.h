/* The words of submilterctl login. As struct command's run; argv[0] is what getopt says for a name.
 */
#ifndef CTL_LOGIN_COMMAND_H
#define CTL_LOGIN_COMMAND_H

int login_command_list(const char *config, int argc, char **argv);
int login_command_show(const char *config, int argc, char **argv);
int login_command_freeze(const char *config, int argc, char **argv);
int login_command_slow(const char *config, int argc, char **argv);
int login_command_thaw(const char *config, int argc, char **argv);

#endif
