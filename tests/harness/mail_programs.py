"""The header blocks that programs write, as templates; honest_mail.py fills them in.

A line that begins with "?" is there every second time. {mime} stands for the fields of the body, whose kinds are
named behind the program: names of mail_bodies.py. {to?} is a list that may be one of those without an address.
"""

TEMPLATES = """\
= Outlook: alternative mixed html smime
From: {from}
To: {to;}
?Cc: {to;}
?References: {references}
?In-Reply-To: {id}
Subject: {subject}
Date: {date}
Message-ID: <{hex}01dd29c4${hex}$@example.com>
{mime}
X-Mailer: Microsoft Outlook 16.0
?X-Priority: 1 (Highest)
?X-MSMail-Priority: High
?Importance: High
Thread-Index: AQHd{hex}{hex}{hex}==
Content-Language: de
?Disposition-Notification-To: {from}
?X-MS-Exchange-Organization-SCL: -1

= Apple Mail: plain qp alternative related mixed
From: {from}
{mime}
Mime-Version: 1.0 (Mac OS X Mail 16.0 \\(3774.300.61.1.2\\))
Subject: {subject}
Message-Id: <{hex}-4A0A-9F0A-{hex}@example.com>
?References: {references}
?In-Reply-To: {id}
Date: {date}
To: {to?}
?Cc: {to}
X-Mailer: Apple Mail (2.3774.300.61.1.2)
?X-Universally-Unique-Identifier: {hex}-{hex}
?X-Uniform-Type-Identifier: com.apple.mail-draft

= Thunderbird: flowed alternative mixed related signed pgp forwarded
{mime}
Message-ID: <{hex}-6a57-4f0e-9d0f-{hex}@example.com>
Date: {date}
MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
Subject: {subject}
?Content-Language: de-DE, en-US
To: {to?}
?Cc: {to}
?References: {references}
From: {from}
?Reply-To: {from}
?Organization: Example & Söhne, "Bücher"
?Autocrypt: {autocrypt}
?In-Reply-To: {id}
?Disposition-Notification-To: {from}
?X-Forwarded-Message-Id: {id}

= mutt: plain latin diff rfc822 pgp
Date: {date}
From: {from}
To: {to}
?Cc: {to}
Subject: {subject}
Message-ID: <Z{hex}@laptop>
?Mail-Followup-To: {to}
?Reply-To: {from}
?References: {references}
MIME-Version: 1.0
{mime}
Content-Disposition: inline
?In-Reply-To: {id}
?User-Agent: Mutt/2.2.9 (2022-11-12)
?X-Editor: Vim http://www.vim.org/

= Alpine: plain flowed
Date: {date}
From: {from}
Reply-To: {from}
To: {to}
?Fcc: sent-mail
Subject: {subject}
In-Reply-To: {id}
Message-ID: <alpine.DEB.2.26.{hex}@host.example.com>
References: {references}
MIME-Version: 1.0
{mime}

= a phone: qp alternative vcard mixed
{mime}
From: {from}
Mime-Version: 1.0 (1.0)
Date: {date}
Subject: {subject}
Message-Id: <{hex}-45C5-B0B9-{hex}@example.com>
?References: {references}
To: {to}
X-Mailer: iPhone Mail (20G81)

= webmail: flowed alternative latin base64
MIME-Version: 1.0
Date: {date}
From: {from}
To: {to}
?Cc: {to}
Subject: {subject}
?In-Reply-To: {id}
?References: {references}
User-Agent: Roundcube Webmail/1.6.5
Message-ID: <{hex}{hex}{hex}{hex}@example.com>
X-Sender: {own}
{mime}

= Gmail, send mail as: alternative plain mixed
Received: by mail-lf1-f41.google.com with SMTP id {hex}so1234e87.1
        for <bob@example.net>; Tue, 22 Sep 2026 02:40:10 -0700 (PDT)
X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
        d=1e100.net; s=20230601; t=1790070010;
        h=to:subject:message-id:date:from:mime-version;
        bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
        b=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
X-Gm-Message-State: AOJu0Y{hex}
X-Received: by 2002:a05:6512:3e1c:b0:57e:1a2b:3c4d with SMTP id {hex}; Tue,
 22 Sep 2026 02:40:09 -0700 (PDT)
MIME-Version: 1.0
From: {from}
Date: {date}
Message-ID: <CA{hex}+{hex}=def_{hex}@mail.gmail.com>
Subject: {subject}
To: {to}
{mime}

= PHPMailer: html alternative mixed long_html
Date: {date}
To: {to}
From: {from}
?Reply-To: {to1}
Subject: {subject}
Message-ID: <{hex}{hex}{hex}@www.example.com>
X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)
?List-Unsubscribe: <https://example.com/u?{hex}>,
 <mailto:u+{hex}@example.com?subject=unsubscribe>
?List-Unsubscribe-Post: List-Unsubscribe=One-Click
?X-Auto-Response-Suppress: All
MIME-Version: 1.0
{mime}

= PHP mail(): raw8 html latin
To: {to}
Subject: {subject}
X-PHP-Originating-Script: 33:order.php
?MIME-Version: 1.0
{mime}
From: {from}
?Reply-To: {from}
?X-Mailer: PHP/8.2.7
?Return-Receipt-To: {own}

= Python: plain base64 qp mixed alternative
{mime}
MIME-Version: 1.0
Subject: {subject}
From: {from}
To: {to}
?Date: {date}
?Message-ID: <179007{hex}.12345.678@builder>

= Python's smtplib with a text: plain raw8
From: {own}
To: {to}
Subject: {subject}

= Java: mixed plain
Date: {date}
From: {from}
To: {to}
Message-ID: <1234567890.0.{hex}.JavaMail.app@app-7d9f8b6c5d-x2x4z>
Subject: {subject}
MIME-Version: 1.0
{mime}
?X-Jenkins-Result: FAILURE
?List-ID: <project.jenkins>
?Auto-Submitted: auto-generated

= .NET: alternative base64 mixed
MIME-Version: 1.0
From: {from}
To: {to}
?Reply-To: {own}
Date: {date}
Subject: {subject}
{mime}

= a printer: scan short
From: <{own}>
To: {to1}
Subject: Scan from MFP-2ND-FLOOR {hex}
?Date: {date}
?Message-Id: <{hex}@MFP-2ND-FLOOR>
MIME-Version: 1.0
{mime}
?X-Mailer: KONICA MINOLTA bizhub C258

= cron: short raw8
From: {own} (Cron Daemon)
To: {to}
Subject: Cron <root@host> test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )
{mime}
Auto-Submitted: auto-generated
Precedence: bulk
X-Cron-Env: <SHELL=/bin/sh>
X-Cron-Env: <HOME=/root>
X-Cron-Env: <PATH=/usr/bin:/bin>

= monitoring: short empty
From: {own}
?Subject: ** PROBLEM Service Alert: host/disk is CRITICAL **
?X-Priority: 2
?Priority: urgent

= a meeting request: calendar
From: {from}
To: {to}
Subject: {subject}
?Thread-Topic: {subject}
Date: {date}
Message-ID: <{hex}$6e5e1a60$@example.com>
MIME-Version: 1.0
{mime}
X-Mailer: Microsoft Outlook 16.0
X-MS-OLK-FORCEINSPECTOROPEN: TRUE

= a reply to a meeting request: calendar_reply
From: {from}
To: {to1}
?Sender: {own}
Subject: Accepted: {subject}
Date: {date}
Message-ID: <{hex}@example.com>
In-Reply-To: {id}
References: {references}
MIME-Version: 1.0
{mime}
Auto-Submitted: auto-replied

= a read receipt: receipt
From: {from}
To: {to1}
Subject: Read: {subject}
Date: {date}
Message-ID: <{hex}.receipt@example.com>
References: {id}
?In-Reply-To: {id}
MIME-Version: 1.0
{mime}
?Original-Recipient: rfc822;{own}

= an absence note: plain qp
Subject: Automatic reply: {subject}
From: {from}
To: {to1}
?In-Reply-To: {id}
?References: {references}
Auto-Submitted: auto-replied (vacation)
Precedence: junk
X-Auto-Response-Suppress: All
{mime}
Date: {date}

= a list's manager: plain alternative digest
From: {from}
Sender: {own}
?Errors-To: <list-bounces@lists.example.net>
To: Discussion of things <list@lists.example.net>
Reply-To: Discussion of things <list@lists.example.net>
List-Id: Discussion of things <list.lists.example.net>
List-Post: <mailto:list@lists.example.net>
List-Help: <mailto:list-request@lists.example.net?subject=help>
List-Subscribe: <https://lists.example.net/join>,
\t<mailto:list-request@lists.example.net?subject=subscribe>
List-Owner: <mailto:list-owner@lists.example.net>
List-Archive: <https://lists.example.net/archive>
Precedence: list
X-Mailman-Version: 3.3.8
X-BeenThere: list@lists.example.net
Subject: [list] {subject}
Date: {date}
Message-ID: {id}
References: {references}
MIME-Version: 1.0
{mime}

= a newsletter: long_html alternative
Date: {date}
From: {from}
Reply-To: {own}
To: {to1}
Subject: {subject}
Message-ID: <{hex}.{hex}@news.example.com>
X-Campaign: mailchimp{hex}
Feedback-ID: 12345678:{hex}:campaign:example
X-Report-Abuse: Please report abuse here: https://example.com/abuse?u={hex}
List-Unsubscribe: <https://example.com/unsubscribe/{hex}{hex}{hex}{hex}{hex}{hex}{hex}{hex}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
{mime}

= git send-email: diff
From: {from}
To: {to}
Cc: {to}
Subject: [PATCH v2 3/7] {subject}
Date: {date}
Message-ID: <20260922-topic-v2-3-{hex}@example.com>
X-Mailer: git-send-email 2.39.2
In-Reply-To: {id}
References: {references}
MIME-Version: 1.0
Content-Transfer-Encoding: 8bit

= resent by its owner: plain alternative
Resent-From: {from}
Resent-To: {to}
Resent-Date: {date}
Resent-Message-ID: <{hex}@example.com>
Received: from a.example.net by b.example.net; Mon, 21 Sep 2026 14:13:20 +0000
From: {own}
To: {to}
Subject: {subject}
Date: {date}
Message-ID: {id}
MIME-Version: 1.0
{mime}

= a ticket system: base64 html
X-OTRS-FollowUp-RecipientEmail: {own}
Auto-Submitted: auto-generated
?Thread-Topic: {subject}
Reply-To: {from}
Keywords: ticket, {hex}
Comments: {subject}
From: {from}
To: {to}
Subject: [Ticket#{hex}] {subject}
References: {references}
Message-ID: {id}
Date: {date}
MIME-Version: 1.0
{mime}
"""


def _read():
    found = {}
    for block in TEMPLATES.strip("\n").split("\n\n"):
        first, _, rest = block.partition("\n")
        name, _, kinds = first.removeprefix("= ").rpartition(":")
        fields = []
        for line in rest.split("\n"):
            if line[0] in " \t":
                fields[-1] += "\r\n" + line
            else:
                fields.append(line)
        found[name] = (kinds.split(), fields)
    return found


# Program -> (kinds of body, fields as above, folds in them CRLF and a blank)
PROGRAMS = _read()
