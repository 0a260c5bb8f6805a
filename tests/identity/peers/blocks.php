<?php
// PHP's readers of whole messages: "imap" (the c-client of Alpine) and "mailparse". A line in: a message in hex;
// a line out: each address that they take for From's in hex, or "-". Both are handed the header alone: the first
// wants it so, the second crashes of some bodies.

function by_imap($message)
{
    $found = [];
    foreach (@imap_rfc822_parse_headers($message, '')->from ?? [] as $one)
        if (isset($one->mailbox, $one->host) && $one->host !== '.SYNTAX-ERROR.' && $one->host !== '')
            $found[] = $one->mailbox . '@' . $one->host;
    imap_errors();
    return $found;
}

function by_mailparse($message)
{
    $found = [];
    $parsed = mailparse_msg_create();
    mailparse_msg_parse($parsed, $message);
    foreach ((array) (mailparse_msg_get_part_data($parsed)['headers']['from'] ?? []) as $value)
        foreach (@mailparse_rfc822_parse_addresses($value) as $one)
            $found[] = $one['address'];
    mailparse_msg_free($parsed);
    return $found;
}

$read = 'by_' . $argv[1];
while (($line = fgets(STDIN)) !== false) {
    preg_match('/^(?:.*?\n)??(?=\r?\n|\z)/s', hex2bin(trim($line)), $header);
    $found = array_map('bin2hex', array_filter($read($header[0] . "\r\n"), 'strlen'));
    echo implode(' ', $found) ?: '-', "\n";
}
