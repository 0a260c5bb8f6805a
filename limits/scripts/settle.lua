-- Adds what a host counted while it was alone; takes back (negative amounts) what was counted here
-- and there. KEYS: host, a hash for each subject. ARGV: epoch,
-- sequence, now, then for each subject: how many; for each: second, window (0: all), five amounts.
if is_late(KEYS[1], ARGV[1]) then
    return redis.error_reply("LATE this connection was given up")
end
local now, at = tonumber(ARGV[3]), 4
for n = 2, #KEYS do
    local key, windows = KEYS[n], counted(KEYS[n], now, true)
    add(key, windows, {0, 0, 0, 0, 0})
    for entry = 1, tonumber(ARGV[at]) do
        local base = at + 1 + (entry - 1) * 7
        local second, only, amounts = tonumber(ARGV[base]), tonumber(ARGV[base + 1]), {}
        for q = 1, 5 do
            amounts[q] = tonumber(ARGV[base + 1 + q])
        end
        for w = 1, 3 do
            local total, last = windows[w][1], windows[w][2]
            local i = math.min(floor(second / STEP[w]), last)
            local cut = floor((now - LENGTH[w] * 1000) / (STEP[w] * 1000))
            if (only == 0 or only == w) and i >= cut then
                local value = call("HGET", key, LETTER[w] .. i)
                local bucket = value and unpacked(value, 5) or {0, 0, 0, 0, 0}
                for q = 1, 5 do
                    local less = amounts[q] < 0 and math.max(amounts[q], -bucket[q]) or 0
                    bucket[q], total[q] = bucket[q] + less, total[q] + less
                    total[q + 5] = total[q] > 0 and total[q + 5] or 0
                end
                fill(total, i, bucket, amounts)
                call("HSET", key, LETTER[w] .. i, cmsgpack.pack(bucket), tostring(w), cmsgpack.pack(total))
                call("EXPIRE", key, KEPT)
            end
        end
    end
    at = at + 1 + 7 * tonumber(ARGV[at])
end
call("HSET", KEYS[1], "last", ARGV[2])
return 1
