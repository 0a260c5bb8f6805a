/* The rules, in the order in which they are asked: of two refusals that weigh the same, the first is
 * what the client reads. Included with RULE(name) defined; no include guard on purpose. */
RULE(tls)
RULE(auth)
