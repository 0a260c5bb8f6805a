/* The kinds of table. Included with KIND(name) defined; no include guard on purpose. */
KIND(cdb)
KIND(inline)
KIND(lmdb)
KIND(pcre)
KIND(texthash)
