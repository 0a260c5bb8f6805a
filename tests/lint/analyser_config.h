/* What the build gives on the command line and in config.h, for clang-tidy and cppcheck. */
#define _GNU_SOURCE 1
#define PACKAGE_VERSION "0"
#define SYSCONFDIR "/etc/submilter"
#define SETUPDIR "/var/lib/submilter-setup"
#define LOGDIR "/var/log/submilter"
#define HISTORYDIR "/var/lib/submilter"
#define SBINDIR "/usr/sbin"
