// What npm's readers of whole messages take for From. A line in: a message in hex; a line out: each address in
// hex, or "-".
'use strict';

const readline = require('readline');
const { createRequire } = require('module');
const required = createRequire(process.cwd() + '/');

const flat = list =>
    (list || []).flatMap(one => (one.group ? flat(one.group) : one.value ? flat(one.value) : [one.address]));

const readers = {
    mailparser: () => {
        const { simpleParser } = required('mailparser');
        return async raw => {
            const message = await simpleParser(raw);
            return message.from ? flat([message.from].flat()) : [];
        };
    },
    'postal-mime': () => {
        const PostalMime = required('postal-mime').default || required('postal-mime');
        return async raw => {
            const message = await PostalMime.parse(raw);
            return message.from ? flat([message.from]) : [];
        };
    },
};

async function main() {
    const read = readers[process.argv[2]]();
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let found = [];
        try {
            found = await read(Buffer.from(line, 'hex'));
        } catch (error) {
            // it has read nothing, then
        }
        found = found.filter(address => address).map(address => Buffer.from(address).toString('hex'));
        process.stdout.write((found.join(' ') || '-') + '\n');
    }
}

main();
