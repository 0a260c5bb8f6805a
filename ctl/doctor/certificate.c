/* The certificates that Postfix shows to users. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/services.h"
#include "mta/words.h"

#define SOON_DAYS 14

static const struct doctor_kind kinds[] = {
    {"postfix.certificate", DOCTOR_PROBLEM, "Postfix's certificate is expired or unreadable",
     "Mail programs refuse the connection, or train their users to click warnings away."},
    {"postfix.certificate-expires", DOCTOR_ADVICE, "Postfix's certificate expires within 14 days",
     "Whatever renews it should have done so by now."},
};

static void look_at_file(struct doctor *doctor, const char *path)
{
    const char *option = mend_postfix_option(doctor);
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    int days = 0;
    int seconds = 0;
    if (file)
        fclose(file);
    struct mend mend =
        mend_sentence(doctor, "renew it, or name the right file; then: postfix%s reload", option);
    if (!certificate) {
        doctor_find(doctor, "postfix.certificate", path, mend, "%s",
                    file ? "there is no certificate in it" : "it cannot be read");
        return;
    }
    bool known = ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) == 1;
    X509_free(certificate);
    if (known && (days < 0 || seconds < 0))
        doctor_find(doctor, "postfix.certificate", path, mend, "it expired %d day%s ago", -days,
                    days == -1 ? "" : "s");
    else if (known && days < SOON_DAYS)
        doctor_find(doctor, "postfix.certificate-expires", path, mend, "it expires in %d day%s",
                    days, days == 1 ? "" : "s");
}

static void look_at_service(struct doctor *doctor, const struct postfix_service *service)
{
    static const char *const one[] = {"smtpd_tls_cert_file", "smtpd_tls_eccert_file"};
    struct texts files;
    if (!services_wraps_tls(doctor, service) &&
        strcmp(services_tls_level(doctor, service), "none") == 0)
        return;
    const char *chains = postfix_service_value(doctor->postfix, service, "smtpd_tls_chain_files");
    if (*chains) {
        /* Keys and certificates in one file each or in several: the first certificate counts. */
        if (words_split(doctor->arena, chains, &files) && files.count == 1)
            look_at_file(doctor, files.items[0]);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        const char *path = postfix_service_value(doctor->postfix, service, one[i]);
        if (path[0] == '/')
            look_at_file(doctor, path);
    }
}

static void look(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->postfix->service_count; i++)
        if (services_is_smtpd(&doctor->postfix->services[i]) &&
            !services_is_internal(doctor, &doctor->postfix->services[i]))
            look_at_service(doctor, &doctor->postfix->services[i]);
}

const struct doctor_check doctor_check_certificate = {
    .theme = "offer",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "the certificates of the services that offer TLS",
    DOCTOR_KINDS(kinds),
    .look = look,
};
