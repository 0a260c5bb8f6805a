-- Sets a standing. KEYS: standing. ARGV: now (seconds), login, state, since, until, cause, how, said
-- (ms). How: "raise", what a sign says, never eases; "set" is an admin's word, and settles all
-- states; "tell" an admin's that is told late, as if it had been set when it was said. That a login
-- is normal is kept: what was never told here, or lost, is another thing.
local now, state, ends = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[5])
local how, since, said = ARGV[7], tonumber(ARGV[4]), tonumber(ARGV[8])
local words = standing_read(KEYS[1], ARGV[2])
if how == "raise" then
    if words[1] and words[1][2] > now then
        return 0
    end
    for n = state + 1, 3 do
        local longer = words[n] and (words[n][2] == 0 or (ends > 0 and words[n][2] >= ends))
        if standing_holds(words[n], now) and longer then
            return 0
        end
    end
else
    local later = how == "tell"
    if later and words[4] >= said then
        return 0
    end
    -- A thaw keeps signs off, those that did not know of it as well.
    later = later and not (state == 0 and ends > now)
    for n = 1, 3 do
        words[n] = later and n > 1 and words[n] and words[n][1] > since and words[n]
    end
    words[4] = said
end
words[state + 1] = words[state + 1] and how == "tell" and words[state + 1] or {since, ends, ARGV[6]}
call("HSET", KEYS[1], ARGV[2], cmsgpack.pack(words))
return 1
