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

/* Those that were started with this configuration, else the pid file's process. */
static void find(struct reload *reload)
{
    reload->count = daemons_find(reload->daemon, reload->config, reload->pids, DAEMONS_MOST);
    if (reload->count || !reload->before->pid_file)
        return;
    int handle = process_of_file(reload->before->pid_file, "submilter", &reload->pids[0]);
    if (handle < 0)
        return;
    close(handle);
    reload->count = 1;
    reload->by_pid_file = true;
}

static bool tell_pid_file(const struct reload *reload, struct error *error)
{
    pid_t pid;
    int handle = process_of_file(reload->before->pid_file, "submilter", &pid);
    if (handle < 0)
        return error_set(error, "the daemon has ended meanwhile");
    bool told = process_signal(handle, SIGUSR1, error);
    close(handle);
    return told;
}

/* systemd knows of the newest one alone. */
static bool tell(const struct reload *reload, struct arena *arena, struct error *error)
{
    static const char *const argv[] = {"systemctl", "try-reload-or-restart", SYSTEMD_SERVICE, NULL};
    struct program_output output;
    if (reload->managed && !program_must_run(arena, argv, SYSTEMD_SECONDS, &output, error))
        return false;
    if (reload->managed && reload->count < 2)
        return true;
    return reload->by_pid_file ? tell_pid_file(reload, error)
                               : process_reload_daemon(reload->daemon, reload->config, error);
}

/* A signal that wants this ended does not wait for a daemon that says nothing, and who has ended
 * judges no more mail. */
static enum reload_report wait_for(const struct reload *reload, size_t index, const char *hash,
                                   struct error *error)
{
    enum reload_report report = RELOAD_REPORT_NONE;
    for (int i = 0; i < SLICES && report == RELOAD_REPORT_NONE && !hold_pending(); i++) {
        report = reload_report_wait(reload->waiting[index], reload->pids[index], hash,
                                    SLICE_MILLISECONDS, error);
        if (report == RELOAD_REPORT_NONE && reload->count > 1 && kill(reload->pids[index], 0) < 0)
            return RELOAD_REPORT_TAKEN;
    }
    return report;
}

/* The worst of what they say. */
static enum reload_report wait_for_all(const struct reload *reload, const char *hash,
                                       struct error *error)
{
    enum reload_report worst = reload->count ? RELOAD_REPORT_TAKEN : RELOAD_REPORT_NONE;
    for (size_t i = 0; i < reload->count && worst != RELOAD_REPORT_REFUSED; i++) {
        enum reload_report report =
            reload->waiting[i] < 0 ? RELOAD_REPORT_NONE : wait_for(reload, i, hash, error);
        if (report != RELOAD_REPORT_TAKEN)
            worst = report;
    }
    return worst;
}

static void open_all(struct reload *reload, struct plan *plan)
{
    struct error why;
    for (size_t i = 0; i < reload->count; i++)
        if (!reload_report_open(reload->pids[i], &reload->waiting[i], &why)) {
            reload->waiting[i] = -1;
            plan_say(plan, PLAN_WARNING, "%s", why.text);
        }
}

static void close_all(const struct reload *reload)
{
    for (size_t i = 0; i < reload->count; i++)
        if (reload->waiting[i] >= 0)
            close(reload->waiting[i]);
}

/* Told a second time when the files were put back. */
static bool have_it_read(void *context, struct plan *plan, struct error *error)
{
    struct reload *reload = context;
    const struct settings *wanted = reload->told++ ? reload->before : reload->after;
    open_all(reload, plan);
    bool told = tell(reload, plan->arena, error);
    enum reload_report report =
        told ? wait_for_all(reload, wanted->hash, error) : RELOAD_REPORT_NONE;
    close_all(reload);
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
    find(ret_reload);
    ret_reload->managed = service.exists && systemd_runs_config(plan->arena, &service, config) &&
                          systemd_state_of(plan->arena, SYSTEMD_SERVICE).active;
    if (!ret_reload->count && !ret_reload->managed) {
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
