// Parsers from npm. A line in: a field's value in hex; a line out: each address in hex, or "-".
'use strict';

const readline = require('readline');
const { createRequire } = require('module');
const required = createRequire(process.cwd() + '/');

// Groups' members count as the others do.
const flat = list =>
    (list || []).flatMap(one => (one.group ? flat(one.group) : one.value ? flat(one.value) : [one.address]));
const unfolded = value => value.replace(/\r?\n/g, '');

const readers = {
    nodemailer: () => {
        const parse = required('nodemailer/lib/addressparser');
        return async value => flat(parse(unfolded(value)));
    },
    'nodemailer-6': () => {
        const parse = required('nodemailer-6/lib/addressparser');
        return async value => flat(parse(unfolded(value)));
    },
    addressparser: () => {
        const parse = required('addressparser');
        return async value => flat(parse(unfolded(value)));
    },
    mailparser: () => {
        const { simpleParser } = required('mailparser');
        return async (value, raw) => {
            const message = await simpleParser(Buffer.concat([Buffer.from('From:'), raw, Buffer.from('\n\nhi\n')]));
            return message.from ? flat(message.from.value) : [];
        };
    },
    'postal-mime': () => {
        const PostalMime = required('postal-mime').default || required('postal-mime');
        return async (value, raw) => {
            const message = await PostalMime.parse(Buffer.concat([Buffer.from('From:'), raw, Buffer.from('\n\nhi\n')]));
            return message.from ? flat([message.from]) : [];
        };
    },
    'email-addresses': () => {
        const parse = required('email-addresses').parseFrom;
        const members = one => (one.addresses ? { group: one.addresses } : one);
        return async value => flat((parse(unfolded(value)) || []).map(members));
    },
    'address-rfc2822': () => {
        const { parseFrom } = required('address-rfc2822');
        return async value => flat(parseFrom(unfolded(value)));
    },
};

async function main() {
    const read = readers[process.argv[2]]();
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const raw = Buffer.from(line, 'hex');
        let found = [];
        try {
            found = await read(raw.toString('utf8'), raw);
        } catch (error) {
            // it has read nothing, then
        }
        found = found.filter(address => address).map(address => Buffer.from(address).toString('hex'));
        process.stdout.write((found.join(' ') || '-') + '\n');
    }
}

main();
