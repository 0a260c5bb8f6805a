#!/usr/bin/perl
# Perl's three parsers of addresses. A line in: a field's value in hex; a line out: each address in hex, or "-".
use strict;
use warnings;

my %readers = (
    'Email::Address' => sub { map { $_->address } Email::Address->parse($_[0]) },
    'Email::Address::XS' => sub { map { $_->address } Email::Address::XS->parse($_[0]) },
    'Mail::Address' => sub { map { $_->address } Mail::Address->parse($_[0]) },
    'Mail::Header' => sub {
        my $head = Mail::Header->new([split /^/m, "From:$_[0]\n"]);
        map { $_->address } Mail::Address->parse($head->get('From'));
    },
);

my $reader = shift;
eval "require $reader; require Mail::Address; 1" or die $@;
$| = 1;
while (my $line = <STDIN>) {
    chomp $line;
    my $value = pack('H*', $line);
    $value =~ s/\r?\n//g if $reader ne 'Mail::Header';
    my @found = eval { local $SIG{__WARN__} = sub { }; grep { defined && length } $readers{$reader}->($value) };
    print join(' ', map { utf8::encode($_) if utf8::is_utf8($_); unpack('H*', $_) } @found) || '-', "\n";
}
