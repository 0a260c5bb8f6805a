-- What all scripts share: sliding windows over counters, what a login is like, whom it writes to.
--
-- A subject's counters are one hash. Its buckets are fields "m<second>", "h<minute>", "d<quarter
-- of an hour>", its totals the fields "1", "2", "3", so that nobody has to add up what a window
-- holds: a bucket is taken off the total once, when it is older than the window.
local LENGTH = {60, 3600, 86400}
local STEP = {1, 60, 900}
local LETTER = {"m", "h", "d"}
-- So many buckets may lie ahead of our time: hosts' clocks are not quite the same.
local AHEAD = {5, 1, 1}
local KEPT = 86400 + 2 * 900 + 60
local WIDEST = 128
local DAY = 86400
local floor, ceil, call = math.floor, math.ceil, redis.call

-- A total: [1..5] counts, [6..10] the first bucket that holds some of it (0: none), [11] the last
-- bucket of all.
local function nothing()
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
end

local function first_of(total)
    local first = total[11] + 1
    for q = 6, 10 do
        if total[q] > 0 and total[q] < first then
            first = total[q]
        end
    end
    return first
end

-- What was packed, so many numbers first; nil where it is none of ours (written by hand, or by
-- another version): an error would end each command that comes upon it, on all hosts.
local function unpacked(value, size)
    local fine, fields = pcall(cmsgpack.unpack, value)
    fine = fine and type(fields) == "table"
    for n = 1, size do
        fine = fine and type(fields[n]) == "number"
    end
    return fine and fields or nil
end

-- The slow way, for clocks that jumped: buckets ahead of now are now's.
local function rebuild(key, w, cut, at, for_good)
    local all, letter, total, moved = call("HGETALL", key), LETTER[w], nothing(), {0, 0, 0, 0, 0}
    for n = 1, #all, 2 do
        local i = all[n]:sub(1, 1) == letter and tonumber(all[n]:sub(2))
        if i then
            if i < cut or i >= at then
                if for_good then
                    call("HDEL", key, all[n])
                end
            end
            if i >= cut then
                local bucket = unpacked(all[n + 1], 5) or nothing()
                i = i < at and i or at
                for q = 1, 5 do
                    total[q] = total[q] + bucket[q]
                    if bucket[q] > 0 and (total[q + 5] == 0 or i < total[q + 5]) then
                        total[q + 5] = i
                    end
                    if i == at then
                        moved[q] = moved[q] + bucket[q]
                    end
                end
                total[11] = i > total[11] and i or total[11]
            end
        end
    end
    if total[11] == at and for_good then
        call("HSET", key, letter .. at, cmsgpack.pack(moved))
    end
    return total
end

-- Takes what is older than the window out of the total; for_good: out of the hash, too.
local function expire(key, w, total, cut, at, for_good)
    local first, letter = first_of(total), LETTER[w]
    if first > total[11] then
        return nothing()
    end
    if first >= cut then
        return total
    end
    if total[11] - first > WIDEST then
        return rebuild(key, w, cut, at, for_good)
    end
    local old = {}
    for i = first, (total[11] < cut and total[11] or cut - 1) do
        old[#old + 1] = letter .. i
    end
    if total[11] < cut then
        if for_good then
            call("HDEL", key, unpack(old))
        end
        return nothing()
    end
    local values = call("HMGET", key, unpack(old))
    for n = 1, #old do
        if values[n] then
            local bucket = unpacked(values[n], 5)
            if not bucket then
                return rebuild(key, w, cut, at, for_good)
            end
            for q = 1, 5 do
                total[q] = total[q] - bucket[q]
            end
        end
    end
    if for_good then
        call("HDEL", key, unpack(old))
    end
    local missing = 0
    for q = 1, 5 do
        if total[q] == 0 then
            total[q + 5] = 0
        elseif total[q + 5] < cut then
            missing = missing + 1
        end
    end
    local from, many = cut, 4
    while missing > 0 and from <= total[11] do
        local fields = {}
        for i = from, math.min(from + many - 1, total[11]) do
            fields[#fields + 1] = letter .. i
        end
        values = call("HMGET", key, unpack(fields))
        for n = 1, #fields do
            local bucket = values[n] and unpacked(values[n], 5)
            for q = 1, bucket and 5 or 0 do
                if bucket[q] > 0 and total[q] > 0 and total[q + 5] < cut then
                    total[q + 5] = from + n - 1
                    missing = missing - 1
                end
            end
        end
        from, many = from + many, many * 2
    end
    return total
end

-- A subject's windows now: [w] = {total, the bucket that is being filled, what is in that}.
local function counted(key, now, for_good)
    local at = {floor(now / 1000), floor(now / 60000), floor(now / 900000)}
    local values = call("HMGET", key, "1", "2", "3", "m" .. at[1], "h" .. at[2], "d" .. at[3])
    local windows = {is_there = values[1] and values[2] and values[3]}
    for w = 1, 3 do
        local i, filled, total = at[w], values[w + 3], nil
        if values[w] then
            local cut = floor((now - LENGTH[w] * 1000) / (STEP[w] * 1000))
            total = unpacked(values[w], 11) or rebuild(key, w, cut, i, for_good)
            if total[11] > i + AHEAD[w] then
                total = rebuild(key, w, cut, i, for_good)
                filled = call("HGET", key, LETTER[w] .. i)
            else
                if total[11] > i then
                    i = total[11]
                    filled = call("HGET", key, LETTER[w] .. i)
                end
                total = expire(key, w, total, cut, i, for_good)
            end
        else
            total, filled = nothing(), nil
        end
        windows[w] = {total, i, filled}
    end
    return windows
end

local function fill(total, i, bucket, amounts)
    for q = 1, 5 do
        if amounts[q] > 0 then
            bucket[q] = bucket[q] + amounts[q]
            total[q] = total[q] + amounts[q]
            if total[q + 5] == 0 or i < total[q + 5] then
                total[q + 5] = i
            end
        end
    end
    total[11] = i > total[11] and i or total[11]
end

-- Writes what expired and what is added; amounts may be all 0.
local function add(key, windows, amounts)
    local set, any = {}, amounts[1] + amounts[2] + amounts[3] + amounts[4] + amounts[5] > 0
    if not any then
        if windows.is_there then
            call("HSET", key, "1", cmsgpack.pack(windows[1][1]), "2", cmsgpack.pack(windows[2][1]), "3",
                 cmsgpack.pack(windows[3][1]))
        end
        return
    end
    for w = 1, 3 do
        local total, i, filled = unpack(windows[w])
        local bucket = filled and unpacked(filled, 5) or {0, 0, 0, 0, 0}
        fill(total, i, bucket, amounts)
        set[w * 4 - 3], set[w * 4 - 2] = tostring(w), cmsgpack.pack(total)
        set[w * 4 - 1], set[w * 4] = LETTER[w] .. i, cmsgpack.pack(bucket)
    end
    call("HSET", key, unpack(set))
    -- Once for each of the longest buckets is enough.
    if not windows[3][3] then
        call("EXPIRE", key, KEPT)
    end
end

local function tell_counted(numbers, windows, now)
    local n = #numbers
    for q = 1, 5 do
        for w = 1, 3 do
            local total, frees = windows[w][1], 0
            if total[q] > 0 then
                frees = ceil((total[q + 5] + 1) * STEP[w] + LENGTH[w] - now / 1000)
            end
            n = n + 1
            numbers[n], numbers[n + 15] = total[q], frees > 0 and frees or (total[q] > 0 and 1 or 0)
        end
    end
end

-- Numbers go as doubles: exact to 2^53, and one string to read. In pieces: Lua hands on some thousand
-- values at once.
local function packed(numbers)
    local pieces = {}
    for from = 1, #numbers, 1000 do
        local to = math.min(from + 999, #numbers)
        pieces[#pieces + 1] = struct.pack("<" .. string.rep("d", to - from + 1), unpack(numbers, from, to))
    end
    return table.concat(pieces)
end

-- What was said of a login: {since, until, cause} for normal, slowed and frozen, or false, and when
-- an admin said something last (ms).
local function standing_read(key, login)
    local value = login ~= "" and call("HGET", key, login)
    local words = value and unpacked(value, 0) or {}
    for n = 1, 3 do
        local word = type(words[n]) == "table" and words[n] or {}
        local fine = type(word[1]) == "number" and type(word[2]) == "number" and type(word[3]) == "string"
        words[n] = fine and word or false
    end
    words[4] = type(words[4]) == "number" and words[4] or 0
    return words
end

local function standing_holds(word, seconds)
    return word and (word[2] == 0 or word[2] > seconds)
end

-- Appends state, since, until; returns the cause.
local function tell_standing(numbers, key, login, seconds)
    local words, n, normal_since = standing_read(key, login), #numbers, 0
    for state = 2, 0, -1 do
        local word = words[state + 1]
        local ends = word and word[2] or 0
        if ends > seconds or (state > 0 and standing_holds(word, seconds)) then
            numbers[n + 1], numbers[n + 2], numbers[n + 3] = state, word[1], ends
            return word[3]
        end
        -- That it was normal from then on is known: who was frozen before is not any more.
        if word then
            normal_since = math.max(normal_since, ends > 0 and ends or word[1])
        end
    end
    numbers[n + 1], numbers[n + 2], numbers[n + 3] = 0, normal_since, 0
    return words[1] and words[1][3] or ""
end

-- A host whose connection was given up must not count any more: what it lacks it adds itself.
local function is_late(host, epoch)
    local fence = call("HGET", host, "fence")
    return fence and tonumber(fence) > tonumber(epoch)
end

-- The last hundred sequences of a host that were refused: "last" alone would say that they count.
local function not_counted(host, sequence)
    local before = call("HGET", host, "denied") or ""
    call("HSET", host, "denied", (before .. sequence):sub(-2000))
end
