/* The host: clock, disk, log, and the process itself. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/records.h"
#include "ctl/doctor/running.h"

#define LEAST_PERCENT 5
#define LEAST_BYTES ((uint64_t)100 << 20)
#define LEAST_DESCRIPTORS 4096

static const struct doctor_kind kinds[] = {
    {"host.clock", DOCTOR_ADVICE, "the clock is not synchronised",
     "Signatures, Message-IDs and records carry the time; with x= a wrong clock makes them void."},
    {"host.disk", DOCTOR_PROBLEM, "a disk that mail or records need is nearly full",
     "Postfix takes no mail when its queue is full; records are lost, or hold mail back, when the "
     "log is."},
    {"host.log", DOCTOR_PROBLEM, "the daemon's user cannot write log.json or history.file",
     "No records are kept, or all mail waits where log.on_error says so."},
    {"host.log-swapped", DOCTOR_PROBLEM,
     "there is something else than a file in the place of log.json or history.file, in a folder "
     "that is not root's",
     "A link there leads who mends its owner or its mode to another file, of root's too; and the "
     "daemon writes no records there."},
    {"host.log-large", DOCTOR_ADVICE, "log.json is larger than 1 GB", "Nothing rotates it."},
    {"host.process-user", DOCTOR_PROBLEM, "the daemon runs as another user than configured",
     "As root, a fault in it is the host's; as another user, it may not read its tables."},
    {"host.descriptors", DOCTOR_ADVICE, "the daemon may open fewer than 4096 files",
     "Each session takes one; libmilter spins where there are none left."},
};

static void look_at_clock(struct doctor *doctor)
{
    struct timex state = {0};
    int result = adjtimex(&state);
    if (result < 0) {
        doctor_cannot_look(doctor, "the clock",
                           mend_sentence(doctor, "run it outside of the sandbox that forbids "
                                                 "adjtimex(2)"),
                           "whether it is synchronised: %s", strerror(errno));
        return;
    }
    if (result == TIME_ERROR || (state.status & STA_UNSYNC))
        doctor_find(doctor, "host.clock", "this host",
                    mend_sentence(doctor,
                                  "run a time service (apt-get install chrony); a container "
                                  "has its host's clock: mend it there, or --accept "
                                  "host.clock"),
                    "the kernel says that nothing synchronises its clock");
}

static void look_at_disk(struct doctor *doctor, const char *what, const char *path)
{
    struct statvfs disk;
    if (!path || statvfs(path, &disk) < 0 || !disk.f_blocks)
        return;
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    unsigned percent = (unsigned)(disk.f_bavail * 100 / disk.f_blocks);
    unsigned inodes = disk.f_files ? (unsigned)(disk.f_favail * 100 / disk.f_files) : 100;
    if (free_bytes >= LEAST_BYTES && percent >= LEAST_PERCENT && inodes >= LEAST_PERCENT)
        return;
    doctor_find(doctor, "host.disk", path,
                mend_sentence(doctor, "make room on it; what takes it: du -xh %s | sort -h | tail",
                              mend_quote(doctor, path)),
                "%s: %" PRIu64 " MB free (%u %%), %u %% of its inodes", what, free_bytes >> 20,
                percent, inodes);
}

static void look_at_records_disks(struct doctor *doctor)
{
    const char *log = doctor->settings->log.json;
    const char *history = doctor->settings->history.file;
    struct stat first;
    struct stat second;
    const char *log_folder = log ? records_folder(doctor, log) : NULL;
    const char *history_folder = history ? records_folder(doctor, history) : NULL;
    look_at_disk(doctor, "the records' disk", log_folder);
    if (log_folder && history_folder && stat(log_folder, &first) == 0 &&
        stat(history_folder, &second) == 0 && first.st_dev == second.st_dev)
        return;
    look_at_disk(doctor, "the history's disk", history_folder);
}

/* The third number of a line of /proc/PID/status, or the first of one of limits. */
static bool read_numbers(pid_t pid, const char *file, const char *key, unsigned long *first,
                         unsigned long *second)
{
    char path[64];
    char line[256];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    FILE *in = fopen(path, "re");
    while (in && !found && fgets(line, sizeof line, in))
        if (strncmp(line, key, strlen(key)) == 0) {
            char *end;
            *first = strtoul(line + strlen(key), &end, 10);
            *second = strtoul(end, NULL, 10);
            found = true;
        }
    if (in)
        fclose(in);
    return found;
}

static void look_at_process(struct doctor *doctor)
{
    pid_t pid = running_find(doctor);
    uid_t user;
    gid_t group;
    struct error error;
    unsigned long real = 0;
    unsigned long effective = 0;
    unsigned long soft = 0;
    unsigned long hard = 0;
    const char *where = arena_printf(doctor->arena, "process %ld", (long)pid);
    if (!pid)
        return; /* whether it must run is the socket's question */
    if (doctor->settings->user && snapshot_identity(doctor->settings, &user, &group, &error) &&
        geteuid() == 0 && read_numbers(pid, "status", "Uid:", &real, &effective) &&
        effective != user)
        doctor_find(doctor, "host.process-user", where,
                    mend_command(doctor, "%s", running_restart_command(doctor, pid)),
                    "it runs as user id %lu, and %s says user = \"%s\"", effective, doctor->config,
                    doctor->settings->user);
    if (read_numbers(pid, "limits", "Max open files", &soft, &hard) && soft < LEAST_DESCRIPTORS)
        doctor_find(
            doctor, "host.descriptors", where,
            mend_command(doctor,
                         "kill %ld; while ps -o stat= -p %ld | grep -q '^[^Z]'; do sleep 1; done; "
                         "ulimit -n 65536; %s",
                         (long)pid, (long)pid, running_start_command(doctor)),
            "it may open %lu files; its unit, where it has one, should say LimitNOFILE=65536",
            soft);
}

static void look(struct doctor *doctor)
{
    look_at_clock(doctor);
    if (doctor->postfix)
        look_at_disk(doctor, "Postfix's queue", postfix_value(doctor->postfix, "queue_directory"));
    if (!doctor->settings)
        return;
    records_look(doctor);
    look_at_records_disks(doctor);
    look_at_process(doctor);
}

const struct doctor_check doctor_check_host = {
    .theme = "host",
    .looks_at = "clock, disk, log, the running process",
    DOCTOR_KINDS(kinds),
    .look = look,
};
