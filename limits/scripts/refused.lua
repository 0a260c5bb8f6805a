-- Counts amounts and nothing else. KEYS: host, a hash for each subject. ARGV: epoch, sequence,
-- now, five amounts.
if is_late(KEYS[1], ARGV[1]) then
    return redis.error_reply("LATE this connection was given up")
end
local now, amounts = tonumber(ARGV[3]), {}
for q = 1, 5 do
    amounts[q] = tonumber(ARGV[3 + q])
end
for n = 2, #KEYS do
    add(KEYS[n], counted(KEYS[n], now, true), amounts)
end
call("HSET", KEYS[1], "last", ARGV[2])
return 1
