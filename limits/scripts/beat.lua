-- A host is there. KEYS: host, hosts, born. ARGV: who it is, epoch, how long it is there for, a
-- random word, since how long it was alone (ms, 0: it was not). Answers: the last sequence of its
-- own that was counted, the word of this data (a new one where all was lost), the time here (ms),
-- who is there, how many of them have not been heard of since it was alone, and which sequences before
-- the last one were not counted (20 digits each).
local clock = call("TIME")
local now = tonumber(clock[1]) * 1000 + floor(tonumber(clock[2]) / 1000)
call("ZADD", KEYS[2], now, ARGV[1])
call("ZREMRANGEBYSCORE", KEYS[2], "-inf", now - tonumber(ARGV[3]) * 1000)
call("EXPIRE", KEYS[2], DAY)
call("SET", KEYS[3], ARGV[4], "NX")
call("HSET", KEYS[1], "fence", ARGV[2])
call("EXPIRE", KEYS[1], DAY)
local alone, silent = tonumber(ARGV[5]), 0
if alone > 0 then
    silent = call("ZCOUNT", KEYS[2], "-inf", now - alone)
end
return {
    call("HGET", KEYS[1], "last") or "0", call("GET", KEYS[3]), tostring(now), call("ZRANGE", KEYS[2], 0, -1), silent,
    call("HGET", KEYS[1], "denied") or ""
}
