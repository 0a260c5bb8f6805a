-- Sets a standing; with "raise" it is never eased. KEYS: standing. ARGV: now (seconds), login,
-- state, since, until, cause, "set" or "raise". That a login is normal is kept: what was never
-- told here, or lost, is another thing.
local now, state, ends = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[5])
local words = {false, false, false}
if ARGV[7] == "raise" then
    words = standing_read(KEYS[1], ARGV[2])
    if words[1] and words[1][2] > now then
        return 0
    end
    for n = state + 1, 3 do
        local longer = words[n] and (words[n][2] == 0 or (ends > 0 and words[n][2] >= ends))
        if standing_holds(words[n], now) and longer then
            return 0
        end
    end
end
words[state + 1] = {tonumber(ARGV[4]), ends, ARGV[6]}
call("HSET", KEYS[1], ARGV[2], cmsgpack.pack(words))
return 1
