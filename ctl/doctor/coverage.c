/* Whether all mail passes submilter, and is judged by the policy that is meant for it. */
#include <stdio.h>
#include <string.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/ours.h"
#include "ctl/doctor/services.h"

static const struct doctor_kind kinds[] = {
    {"postfix.not-asked", DOCTOR_PROBLEM,
     "a service that users or the world reach asks no submilter",
     "Mail that comes in there is neither judged nor signed, and may claim any sender."},
    {"postfix.non-smtpd", DOCTOR_PROBLEM, "mail from sendmail(1) passes by submilter",
     "What programs of this host send (web applications, cron) leaves unsigned and unchecked."},
    {"postfix.submission-listener", DOCTOR_PROBLEM,
     "a submission service's sessions are not judged by the submission policy",
     "There neither TLS nor a login is asked for, or nobody's address is checked."},
    {"postfix.listener-port", DOCTOR_ADVICE, "a listener's ports are no service's of this host",
     "The listener never matches; what was meant for it is judged by another one."},
    {"postfix.listener-daemon", DOCTOR_PROBLEM,
     "a listener asks for a daemon name that no service sends",
     "The listener never matches; what was meant for it is judged by another one."},
    {"postfix.bounces-unsigned", DOCTOR_ADVICE, "bounces leave unsigned",
     "Receivers that ask for DMARC of our domain refuse the bounces that its name stands on."},
    {"postfix.bounces-refused", DOCTOR_PROBLEM,
     "bounces go through submilter, and their sender is of no domain of ours",
     "submilter refuses them: whoever sent a message that could not be delivered never learns "
     "it."},
};

/* Where nobody asks yet there is more to do than a line of main.cf, and in the right order. */
static struct mend mend_by_postfix_setup(struct doctor *doctor)
{
    return mend_by_setup(doctor, mend_postfix_setup(doctor));
}

static bool nobody_asks(const struct ours_places *places)
{
    for (size_t i = 0; i < places->count; i++)
        if (ours_is_asked(&places->items[i]) ||
            ours_misnamed(&places->items[i]) < places->items[i].milters.count)
            return false;
    return true;
}

static void find_not_asked(struct doctor *doctor, const char *id, const struct ours_places *places,
                           const struct ours_place *place)
{
    const char *entry = ours_entry(doctor);
    struct mend mend =
        nobody_asks(places) ? mend_by_postfix_setup(doctor)
        : entry
            ? ours_mend_list(doctor, place,
                             ours_list_with(doctor, place, place->milters.count, entry))
            : mend_sentence(doctor, "add submilter's socket to the milters of %s", place->where);
    doctor_find(doctor, id, place->where, mend, "%s asks %s%s",
                services_name(doctor, place->service), place->milters.count ? "only " : "no milter",
                place->milters.count ? place->set->value : "");
}

static bool is_submission_policy(struct doctor *doctor, const struct listener *listener)
{
    const struct settings *settings = doctor->settings;
    return listener && strcmp(settings_policy_base(settings, listener->policy), "submission") == 0;
}

/* A session from outside, as the daemon would place it: at MAIL, with and without a login. */
static void look_at_listener(struct doctor *doctor, const struct ours_place *place)
{
    const struct postfix_service *service = place->service;
    int port = postfix_service_port(service);
    const char *daemon =
        postfix_service_value(doctor->postfix, service, "milter_macro_daemon_name");
    if (!services_is_submission(doctor, service))
        return;
    for (int logged_in = 1; logged_in >= 0; logged_in--) {
        const struct listener *listener = settings_listener(doctor->settings, BYTES("192.0.2.1"),
                                                            port, bytes_of(daemon), logged_in != 0);
        if (is_submission_policy(doctor, listener) || (logged_in && !listener))
            continue;
        doctor_find(doctor, "postfix.submission-listener", services_name(doctor, service),
                    mend_sentence(doctor,
                                  "write in %s, first in listeners: { name = \"submission-%d\"; "
                                  "ports = [ %d ]; policy = \"submission\"; }",
                                  doctor->config, port, port),
                    "a session %s a login on port %d gets %s%s%s", logged_in ? "with" : "without",
                    port, listener ? "the listener " : "no listener",
                    listener ? listener->name : "", listener ? "" : ": the policy is inbound");
        return;
    }
}

static bool any_port(struct doctor *doctor, const struct listener *listener)
{
    for (size_t i = 0; i < doctor->postfix->service_count; i++)
        for (size_t k = 0; k < listener->port_count; k++)
            if (postfix_service_port(&doctor->postfix->services[i]) == listener->ports[k])
                return true;
    return listener->port_count == 0;
}

static bool any_daemon(struct doctor *doctor, const struct listener *listener)
{
    for (size_t i = 0; i < doctor->postfix->service_count; i++) {
        const struct postfix_service *service = &doctor->postfix->services[i];
        if (services_is_smtpd(service) &&
            texts_have(&listener->daemons,
                       bytes_of(postfix_service_value(doctor->postfix, service,
                                                      "milter_macro_daemon_name"))))
            return true;
    }
    return listener->daemons.count == 0;
}

static void look_at_listeners(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->settings->listener_count; i++) {
        const struct listener *listener = &doctor->settings->listeners[i];
        const char *where = arena_printf(doctor->arena, "listener %s", listener->name);
        if (!any_port(doctor, listener))
            doctor_find(doctor, "postfix.listener-port", where,
                        mend_sentence(doctor,
                                      "name the ports of master.cf's services in listeners of %s, "
                                      "or take the listener out",
                                      doctor->config),
                        "no service of master.cf has one of its ports (%lld%s)",
                        (long long)listener->ports[0], listener->port_count > 1 ? ", ..." : "");
        if (!any_daemon(doctor, listener))
            doctor_find(doctor, "postfix.listener-daemon", where,
                        mend_sentence(doctor,
                                      "give the service its name: -o milter_macro_daemon_name=%s "
                                      "in master.cf; or name ports instead in listeners of %s",
                                      listener->daemons.items[0], doctor->config),
                        "no smtpd service has milter_macro_daemon_name = %s",
                        listener->daemons.items[0]);
    }
}

/* Bounces come from MAILER-DAEMON, to which Postfix adds myorigin. */
static void look_at_bounces(struct doctor *doctor, const struct ours_place *place)
{
    static const char name[] = "internal_mail_filter_classes";
    const char *classes = postfix_service_value(doctor->postfix, place->service, name);
    const char *origin = postfix_value(doctor->postfix, "myorigin");
    bool filtered = services_list_has(doctor, classes, "bounce");
    bool ours = texts_have(&doctor->settings->site.domains, bytes_of(origin));
    const struct key *keys;
    bool signs = settings_signs(doctor->settings) && doctor->snapshot &&
                 keystore_find(doctor->snapshot->keystore, bytes_of(origin),
                               doctor->settings->dkim.parents, &keys);
    if (filtered && !ours)
        doctor_find(doctor, "postfix.bounces-refused", "main.cf", mend_main_cf(doctor, name, ""),
                    "%s = %s, and bounces are from MAILER-DAEMON@%s (myorigin), which is not in "
                    "domains of %s",
                    name, classes, origin, doctor->config);
    else if (!filtered && ours && signs)
        doctor_find(doctor, "postfix.bounces-unsigned", "main.cf",
                    mend_main_cf(doctor, name, *classes ? "bounce, notify" : "bounce"), "%s is %s",
                    name, *classes ? classes : "empty: bounces pass by all milters");
}

static void look(struct doctor *doctor)
{
    struct ours_places places;
    if (!ours_find(doctor, &places))
        return;
    for (size_t i = 0; i < places.count; i++) {
        const struct ours_place *place = &places.items[i];
        bool smtpd = services_is_smtpd(place->service);
        if (smtpd && services_is_internal(doctor, place->service))
            continue;
        if (ours_misnamed(place) < place->milters.count)
            continue; /* socket.elsewhere */
        if (!ours_is_asked(place))
            find_not_asked(doctor, smtpd ? "postfix.not-asked" : "postfix.non-smtpd", &places,
                           place);
        else if (smtpd)
            look_at_listener(doctor, place);
        else
            look_at_bounces(doctor, place);
    }
    look_at_listeners(doctor);
}

const struct doctor_check doctor_check_coverage = {
    .theme = "coverage",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "which services ask submilter, and whose listeners they meet",
    DOCTOR_KINDS(kinds),
    .look = look,
};
