-- Sets a standing; with "raise" it is never eased. KEYS: standing. ARGV: now (seconds), login,
-- state, since, until, cause, "set" or "raise". That a login is normal is kept: what was never
-- told here, or lost, is another thing.
local value = ARGV[7] == "raise" and call("HGET", KEYS[1], ARGV[2])
local now, state, ends = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[5])
local old = value and unpacked(value, 3)
if old then
    local holds = old[3] == 0 or old[3] > now
    local longer = old[3] == 0 or (ends > 0 and old[3] >= ends)
    if holds and (old[1] > state or (old[1] == state and longer)) then
        return 0
    end
end
call("HSET", KEYS[1], ARGV[2], cmsgpack.pack({state, tonumber(ARGV[4]), ends, ARGV[6]}))
return 1
