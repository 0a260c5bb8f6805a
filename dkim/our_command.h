/* How submilterctl is called here, for the commands that errors and hints name: so that what is
 * pasted looks at the configuration that is in use. */
#ifndef DKIM_OUR_COMMAND_H
#define DKIM_OUR_COMMAND_H

/* Once, before there are threads: the configuration file that is used. */
void our_command_uses(const char *config);

/* "submilterctl", or "submilterctl -c FILE" where that is another file than the default one. */
const char *our_command(void);

#endif
