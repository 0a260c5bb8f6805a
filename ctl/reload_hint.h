/* How an admin has the daemon read its files again. */
#ifndef CTL_RELOAD_HINT_H
#define CTL_RELOAD_HINT_H

#define RELOAD_HINT "systemctl reload submilter, or without systemd: pkill -USR1 -x submilter"

#endif
