-- Counters, standing and habit as they are. KEYS: standing, habit, a hash for each subject. ARGV:
-- now, login, network, hash of the client.
local now, login = tonumber(ARGV[1]), ARGV[2]
local seconds, numbers = floor(now / 1000), {1, 0}
local cause = tell_standing(numbers, KEYS[1], login, seconds)
tell_habit(numbers, habit_read(KEYS[2]), ARGV[3], ARGV[4], seconds)
for n = 3, #KEYS do
    tell_counted(numbers, counted(KEYS[n], now, false), now)
end
return {packed(numbers), cause}
