-- Counts a message, unless the login stands too far or a bound is passed. KEYS: host, standing,
-- habit, known of this time, known of the time before, a hash for each subject. ARGV: epoch,
-- sequence, now, remember, login, network, hash of the client, five amounts, the state that bars
-- (0: none), how many bounds, for each: its subject among the hashes, quantity, window, max; then
-- hashes of the recipients.
local SUBJECTS, REFUSALS = 5, 5
if is_late(KEYS[1], ARGV[1]) then
    return redis.error_reply("LATE this connection was given up")
end
local now, remember, login = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local seconds, numbers, amounts, all = floor(now / 1000), {1, 0}, {}, {}
for q = 1, 5 do
    amounts[q] = tonumber(ARGV[7 + q])
end
local cause = tell_standing(numbers, KEYS[2], login, seconds)
local habit = habit_read(KEYS[3])
tell_habit(numbers, habit, ARGV[6], ARGV[7], seconds)
for n = SUBJECTS + 1, #KEYS do
    all[n - SUBJECTS] = counted(KEYS[n], now, true)
    tell_counted(numbers, all[n - SUBJECTS], now)
end
local bars, bounds, at = tonumber(ARGV[13]), tonumber(ARGV[14]), 15
if bars > 0 and numbers[3] >= bars then
    numbers[1] = 0
end
for bound = 1, numbers[1] * bounds do
    local q, w = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local count = all[tonumber(ARGV[at])][w][1][q]
    if (amounts[q] > 0 or q == REFUSALS) and count + amounts[q] > tonumber(ARGV[at + 3]) then
        numbers[1], numbers[2] = 0, bound
        break
    end
    at = at + 4
end
-- What was read has lost its old buckets: the totals are written in any case.
if numbers[1] == 0 then
    amounts = {0, 0, 0, 0, 0}
    not_counted(KEYS[1], ARGV[2])
end
for n = 1, #all do
    add(KEYS[SUBJECTS + n], all[n], amounts)
end
if numbers[1] == 0 then
    return {packed(numbers), cause}
end
at = 15 + 4 * bounds
call("HSET", KEYS[1], "last", ARGV[2])
if login ~= "" then
    habit_write(KEYS[3], habit, ARGV[6], ARGV[7], seconds, remember)
end
-- A correspondent: hours since 1970 of the first message, days of the last one.
local today, hour = floor(seconds / DAY), floor(seconds / 3600)
local oldest = today - ceil(remember / DAY)
for from = at, #ARGV, 500 do
    local to = math.min(from + 499, #ARGV)
    local now_known, before = call("HMGET", KEYS[4], unpack(ARGV, from, to)), nil
    local set = {}
    for n = from, to do
        local value = now_known[n - from + 1]
        if not value then
            before = before or call("HMGET", KEYS[5], unpack(ARGV, from, to))
        end
        local old = value or before[n - from + 1]
        local first, last = hour, -1
        if old and #old == 6 then
            first, last = struct.unpack("<IH", old)
            if last < oldest then
                first = hour
            end
        end
        if not value or last < today then
            set[#set + 1], set[#set + 2] = ARGV[n], struct.pack("<IH", first, math.max(last, today))
        end
    end
    if #set > 0 then
        call("HSET", KEYS[4], unpack(set))
        call("EXPIRE", KEYS[4], 2 * remember + DAY)
    end
end
return {packed(numbers), cause}
