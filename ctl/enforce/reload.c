/* By systemd where it runs the daemon, else by SIGUSR1; the daemon's own word decides
 * (gate/reload_report.h). */
#include "ctl/enforce/reload.h"

#include <signal.h>
#include <unistd.h>

#include "ctl/setup/hold.h"
#include "ctl/setup/process.h"
#include "ctl/systemd.h"
#include "gate/reload_report.h"
#include "mta/program.h"

#define SYSTEMD_SECONDS 120
#define SLICE_MILLISECONDS 500
#define SLICES 120 /* tables of millions of rows take their time */

/* Either the pid file's process, or one that was started with this configuration. */
static pid_t find(const struct reload *reload)
{
    pid_t pid = process_find_daemon(reload->daemon, reload->config);
    if (pid || !reload->before->pid_file)
        return pid;
    int handle = process_of_file(reload->before->pid_file, "submilter", &pid);
    if (handle < 0)
        return 0;
    close(handle);
    return pid;
}

static bool tell_process(const struct reload *reload, struct error *error)
{
    pid_t pid;
    if (process_find_daemon(reload->daemon, reload->config))
        return process_reload_daemon(reload->daemon, reload->config, error);
    int handle = process_of_file(reload->before->pid_file, "submilter", &pid);
    if (handle < 0)
        return error_set(error, "the daemon has ended meanwhile");
    bool told = process_signal(handle, SIGUSR1, error);
    close(handle);
    return told;
}

static bool tell(const struct reload *reload, struct arena *arena, struct error *error)
{
    static const char *const argv[] = {"systemctl", "try-reload-or-restart", SYSTEMD_SERVICE, NULL};
    struct program_output output;
    return reload->managed ? program_must_run(arena, argv, SYSTEMD_SECONDS, &output, error)
                           : tell_process(reload, error);
}

/* A signal that wants this ended does not wait for a daemon that says nothing. */
static enum reload_report wait_for(int waiting, const struct reload *reload, const char *hash,
                                   struct error *error)
{
    enum reload_report report = RELOAD_REPORT_NONE;
    for (int i = 0; i < SLICES && report == RELOAD_REPORT_NONE && !hold_pending(); i++)
        report = reload_report_wait(waiting, reload->pid, hash, SLICE_MILLISECONDS, error);
    return report;
}

/* Told a second time when the files were put back. */
static bool have_it_read(void *context, struct plan *plan, struct error *error)
{
    struct reload *reload = context;
    struct error why;
    int waiting = -1;
    const struct settings *wanted = reload->told++ ? reload->before : reload->after;
    bool hears = reload->pid && reload_report_open(reload->pid, &waiting, &why);
    if (reload->pid && !hears)
        plan_say(plan, PLAN_WARNING, "%s", why.text);
    bool told = tell(reload, plan->arena, error);
    enum reload_report report =
        told && hears ? wait_for(waiting, reload, wanted->hash, error) : RELOAD_REPORT_NONE;
    if (hears)
        close(waiting);
    if (!told || report == RELOAD_REPORT_REFUSED)
        return false;
    reload->result = report == RELOAD_REPORT_TAKEN ? RELOAD_TAKEN : RELOAD_UNSEEN;
    return true;
}

bool reload_plan(const char *config, const char *daemon, const struct settings *before,
                 const struct settings *after, struct plan *plan, struct reload *ret_reload,
                 struct error *error)
{
    struct systemd_unit service;
    *ret_reload =
        (struct reload){.config = config, .daemon = daemon, .before = before, .after = after};
    if (!systemd_read(plan->arena, SYSTEMD_SERVICE, &service))
        return error_set(error, "memory is out");
    ret_reload->pid = find(ret_reload);
    ret_reload->managed = service.exists && systemd_runs_config(plan->arena, &service, config) &&
                          systemd_state_of(plan->arena, SYSTEMD_SERVICE).active;
    if (!ret_reload->pid && !ret_reload->managed) {
        ret_reload->result = RELOAD_NO_DAEMON;
        return true;
    }
    struct plan_row *row =
        plan_act(plan,
                 ret_reload->managed ? "the daemon reads its configuration (systemctl reload)"
                                     : "the daemon reads its configuration (SIGUSR1)",
                 have_it_read, ret_reload);
    if (row)
        row->again = true;
    return true;
}
