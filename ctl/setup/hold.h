/* Signals that would end setup half-way (a lost ssh session, Ctrl-C) wait until a change is whole
 * or taken back. */
#ifndef CTL_SETUP_HOLD_H
#define CTL_SETUP_HOLD_H

/* SIGHUP, SIGINT, SIGQUIT and SIGTERM wait from now on; those that are ignored stay so. */
void hold_signals(void);

/* One that has come meanwhile, or 0. */
int hold_pending(void);

/* What has come takes effect. */
void hold_release(void);

#endif
