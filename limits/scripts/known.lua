-- Since when a login writes to somebody. KEYS: standing, known of this time, known of the time
-- before. ARGV: now, login, hash of the recipient, the first day that is remembered.
local now, login, rcpt = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local numbers = {0}
for n = 2, 3 do
    local value = call("HGET", KEYS[n], rcpt)
    if value and #value == 6 then
        local first, last = struct.unpack("<IH", value)
        if last >= tonumber(ARGV[4]) then
            numbers[1] = math.min((first + 1) * 3600, floor(now / 1000))
            break
        end
    end
end
local cause = tell_standing(numbers, KEYS[1], login, floor(now / 1000))
return {packed(numbers), cause}
