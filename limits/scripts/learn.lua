-- Remembers a correspondent. KEYS: known of the time of its last day. ARGV: hash of the recipient,
-- the hour of the first message, the day of the last, remember.
local first, last = tonumber(ARGV[2]), tonumber(ARGV[3])
local value = call("HGET", KEYS[1], ARGV[1])
if value and #value == 6 then
    local old_first, old_last = struct.unpack("<IH", value)
    first, last = math.min(first, old_first), math.max(last, old_last)
end
call("HSET", KEYS[1], ARGV[1], struct.pack("<IH", first, last))
call("EXPIRE", KEYS[1], 2 * tonumber(ARGV[4]) + DAY)
return 1
