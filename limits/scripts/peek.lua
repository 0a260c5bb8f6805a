-- Counters of many subjects, for a list of those with the most. KEYS: hashes. ARGV: now.
local now, numbers = tonumber(ARGV[1]), {}
for n = 1, #KEYS do
    tell_counted(numbers, counted(KEYS[n], now, false), now)
end
return packed(numbers)
