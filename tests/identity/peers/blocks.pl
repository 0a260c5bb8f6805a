#!/usr/bin/perl
# Perl's MailTools on whole messages. A line in: a message in hex; a line out: each address of each From field in
# hex, or "-".
use strict;
use warnings;

use Mail::Address;
use Mail::Internet;

$| = 1;
while (my $line = <STDIN>) {
    chomp $line;
    my @lines = split /^/m, pack('H*', $line);
    my @found = eval {
        local $SIG{__WARN__} = sub { };
        my $message = Mail::Internet->new(\@lines);
        grep { defined && length } map { $_->address } map { Mail::Address->parse($_) } $message->head->get('From');
    };
    print join(' ', map { utf8::encode($_) if utf8::is_utf8($_); unpack('H*', $_) } @found) || '-', "\n";
}
