<?php
// PHP's parsers: "imap" (the c-client of Alpine) and "mailparse". A line in: a field's value in hex; a line
// out: each address in hex, or "-".

function by_imap($value)
{
    $found = [];
    foreach (@imap_rfc822_parse_adrlist($value, '') as $one)
        if (isset($one->mailbox, $one->host) && $one->host !== '.SYNTAX-ERROR.' && $one->host !== '')
            $found[] = $one->mailbox . '@' . $one->host;
    imap_errors();
    return $found;
}

function by_mailparse($value)
{
    $found = [];
    foreach (@mailparse_rfc822_parse_addresses($value) as $one)
        $found[] = $one['address'];
    return $found;
}

$read = 'by_' . $argv[1];
while (($line = fgets(STDIN)) !== false) {
    $value = str_replace(["\r", "\n"], '', hex2bin(trim($line)));
    $found = array_map('bin2hex', array_filter($read($value), 'strlen'));
    echo implode(' ', $found) ?: '-', "\n";
}
