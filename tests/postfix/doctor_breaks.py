"""How each thing that the doctor finds comes about: Postfix's part, and with it all."""

import doctor_breaks_own
from doctor_steps import (GUARDED, OLD, RSPAMD_SIGNS, SCRAM, Break, all_of, at_submission, checks, configured,
                          etc_file, in_service, live_but_older, main_cf, milters, one_more_service, reconfigured, returning_filter)

OTHER = "{ inet:127.0.0.1"
POSTFIX = [
    # failopen
    Break("postfix.default-action", milters("{ MILTER, default_action=accept }")),
    Break("postfix.default-action", all_of(milters("MILTER"), main_cf(milter_default_action="accept")),
          note="default"),
    Break("postfix.default-action", milters("inet:127.0.0.1:9, { MILTER, { default_action = quarantine } }"),
          note="beside-another"),
    Break("postfix.default-action", all_of(
        main_cf(guard="{ unix:submilter/submilter.sock, connect_timeout=20s, default_action=accept }"),
        main_cf(smtpd_milters="$guard", non_smtpd_milters="$guard")), note="variable"),
    Break("postfix.no-milters", main_cf(receive_override_options="no_milters,no_address_mappings")),
    Break("postfix.no-milters", in_service("smtps", receive_override_options="no_milters"), note="service"),
    Break("postfix.milter-maps", main_cf(smtpd_milter_maps="inline:{192.0.2.1=DISABLE}")),
    Break("postfix.milter-time-out", main_cf(milter_command_timeout="2s")),
    Break("postfix.milter-time-out", milters("{ MILTER, content_timeout=5s, default_action=tempfail }"),
          note="own"),
    # coverage
    Break("postfix.not-asked", in_service("submission", smtpd_milters="")),
    Break("postfix.not-asked", in_service("submission", smtpd_milters="inet:127.0.0.1:9"), note="another",
          besides=("doctor.could-not-look",)),
    Break("postfix.non-smtpd", main_cf(non_smtpd_milters="")),
    Break("postfix.submission-listener", configured(
        listeners=[{"name": "inbound", "policy": "inbound"}]), mend=reconfigured),
    Break("postfix.listener-port", lambda site: configured(listeners=[
        *site.submilter.settings["listeners"], {"name": "odd", "ports": [1], "policy": "inbound"}])(site),
        mend=reconfigured),
    Break("postfix.listener-daemon", lambda site: configured(listeners=[
        *site.submilter.settings["listeners"], {"name": "odd", "daemon": ["ORIGINATING"], "policy": "submission"}]
    )(site), mend=in_service("submission", milter_macro_daemon_name="ORIGINATING")),
    Break("postfix.bounces-unsigned", main_cf(internal_mail_filter_classes="")),
    Break("postfix.bounces-unsigned", main_cf(internal_mail_filter_classes="notify"), note="notify"),
    Break("postfix.bounces-refused", main_cf(myorigin="elsewhere.example")),
    # macros
    Break("postfix.milter-protocol", main_cf(milter_protocol="2"),
          besides=("postfix.macros",)),
    Break("postfix.macros", main_cf(milter_protocol="4", milter_connect_macros="j"),
          besides=("postfix.milter-protocol",)),
    Break("postfix.macro-defaults", main_cf(milter_macro_defaults="v=Postfix, auth_authen=root")),
    Break("postfix.macro-defaults", in_service("mx", milter_macro_defaults="{tls_version}=TLSv1.3"), note="service"),
    # offer
    Break("postfix.no-tls", in_service("submission", smtpd_tls_security_level="none", smtpd_tls_auth_only="yes")),
    Break("postfix.tls-optional", all_of(
        in_service("submission", smtpd_tls_security_level="may"),
        configured(policies={"submission": {"tls": {"mode": "observe"}}})), besides=("config.observed",)),
    Break("postfix.tls-auth-only", in_service(
        "submission", smtpd_tls_auth_only="no", smtpd_tls_security_level="may")),
    Break("postfix.no-login", in_service("smtps", smtpd_sasl_auth_enable="no")),
    Break("postfix.mechanism", main_cf(smtpd_sasl_mechanism_filter="!external, static:rest")),
    Break("postfix.mechanism", configured(policies={"submission": {"auth": {"mechanisms": ["LOGIN", "SCRAM-SHA-256"]}}}),
          note="fewer"),
    Break("postfix.mechanism", configured(policies={"submission": {"auth": {"mechanisms": ["OAUTHBEARER"]}}}),
          mend=reconfigured, note="none of them"),
    Break("postfix.mechanism", at_submission(SCRAM), note="ports-policy"),
    Break("postfix.mechanism", all_of(main_cf(smtpd_sasl_mechanism_filter="!external, static:rest"), configured(
        groups=[{"name": "printers", "logins": ["printer"], "rules": OLD}])),
        mend=main_cf(smtpd_sasl_mechanism_filter="!cram-md5, !external, static:rest"), note="but-a-group"),
    Break("postfix.mechanism", at_submission(SCRAM, {"clients": ["192.168.0.0/16"], "policy": "submission"}),
          mend=reconfigured, note="but-a-network"),
    Break("postfix.not-listening", one_more_service),
    Break("postfix.live-starttls", main_cf(smtpd_tls_key_file="/nonexistent"),
          mend=lambda site: main_cf(smtpd_tls_key_file=site.certificates.key)(site)),
    Break("postfix.live-login", live_but_older),
    Break("postfix.certificate", main_cf(smtpd_tls_cert_file="/nonexistent"), besides=("postfix.live-starttls",),
          mend=lambda site: main_cf(smtpd_tls_cert_file=site.certificates.cert)(site)),
    Break("postfix.certificate-expires", lambda site: site.renew_certificate(3),
          mend=lambda site: site.renew_certificate(60)),
    # restrictions
    Break("postfix.restriction-order", main_cf(
        smtpd_sender_restrictions="permit_sasl_authenticated, reject_sender_login_mismatch")),
    Break("postfix.restriction-order", in_service(
        "submission", smtpd_recipient_restrictions="permit_sasl_authenticated,"
        "reject_authenticated_sender_login_mismatch,reject"), note="service"),
    Break("postfix.delay-reject", main_cf(
        smtpd_delay_reject="no", smtpd_client_restrictions="permit_sasl_authenticated, permit_mynetworks, reject")),
    Break("postfix.sender-maps-differ", main_cf(smtpd_sender_login_maps="inline:{a@example.com=a}")),
    # newlines
    Break("postfix.bare-newline", main_cf(smtpd_forbid_bare_newline="no")),
    Break("postfix.bare-newline-exclusions", main_cf(smtpd_forbid_bare_newline_exclusions="0.0.0.0/0")),
    Break("postfix.pipelining", main_cf(smtpd_forbid_unauth_pipelining="no")),
    # rewriting
    Break("postfix.generic-maps", main_cf(smtp_generic_maps="inline:{alice@example.com=alice@example.net}"),
          mend=main_cf(smtp_generic_maps="inline:{root@host.lan=alice@example.com}")),
    Break("postfix.header-checks", checks("smtp_header_checks", "/^Received:/ IGNORE\n/^Subject:/ REPLACE Subject: x\n"),
          mend=checks("smtp_header_checks", "/^Received:/ IGNORE\n")),
    Break("postfix.milter-header-checks", checks("milter_header_checks", "/^DKIM-Signature:/ IGNORE\n"),
          mend=checks("milter_header_checks", "/^X-Mailer:/ IGNORE\n")),
    Break("postfix.header-checks", main_cf(smtp_body_checks="regexp:/dev/null"), note="body"),
    Break("postfix.mime-conversion", main_cf(disable_mime_output_conversion="no")),
    Break("postfix.discards-8bitmime", main_cf(
        disable_mime_output_conversion="no", smtp_discard_ehlo_keywords="8bitmime, chunking"),
        besides=("postfix.mime-conversion",)),
    Break("postfix.line-length", main_cf(smtp_line_length_limit="512")),
    # signers
    Break("signers.judged-twice", returning_filter()),
    Break("signers.opendkim", all_of(
        etc_file("opendkim.conf", "Socket inet:9@127.0.0.1\nMode sv\nKeyTable /etc/dkim.table\n"),
        milters(f"{GUARDED}, {OTHER}:9, default_action=accept }}"))),
    Break("signers.rspamd", all_of(
        etc_file("rspamd/modules.d/dkim_signing.conf", RSPAMD_SIGNS),
        etc_file("rspamd/local.d/dkim_signing.conf", "selector = \"s1\";\n"), milters(f"{GUARDED}, {OTHER}:11332, default_action=accept }}"))),
    Break("signers.amavis", etc_file("amavis/conf.d/50-user", (
        "$enable_dkim_signing = 1;\ndkim_key('example.com', 's1', '/etc/dkim.pem');\n1;  # ensure a defined return\n"))),
]
BREAKS = [*doctor_breaks_own.BREAKS, *POSTFIX]
