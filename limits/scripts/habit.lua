-- What a login is like: {since, messages, hours of the day, networks, clients, hours since 1970
-- and messages of the last day}. Networks and clients by their keyed hashes: {first, last,
-- messages, slice, how many slices before that, messages, ...}.
local SLICE = 300
local NETWORKS, CLIENTS = 64, 32
local HOURS_FADE = 4000

local function habit_read(key)
    local value = call("GET", key)
    local habit, whole = value and unpacked(value, 2), true
    for n = 3, 6 do
        whole = whole and habit and type(habit[n]) == "table"
    end
    if whole and #habit[3] == 24 then
        return habit
    end
    local hours = {}
    for hour = 1, 24 do
        hours[hour] = 0
    end
    return {0, 0, hours, {}, {}, {}}
end

-- What lies as far ahead was seen by a clock that was set back since.
local function is_within(time, length, seconds)
    return time >= seconds - length and time <= seconds + length
end

local function within_hour(each, seconds)
    local sum = 0
    for n = 5, #each, 2 do
        if is_within((each[4] - each[n] + 1) * SLICE - 1, 3600, seconds) then
            sum = sum + each[n + 1]
        end
    end
    return sum
end

local function seen_within(those, length, seconds, besides)
    local count = 0
    for hash, each in pairs(those) do
        if hash ~= besides and is_within(each[2], length, seconds) then
            count = count + 1
        end
    end
    return count
end

-- Clients that had been there for a day when this one came, and their messages.
local function older(clients, own, seconds)
    local came, count, messages = clients[own] and clients[own][1] or seconds, 0, 0
    for hash, each in pairs(clients) do
        if hash ~= own and each[1] + DAY <= came then
            messages = messages + each[3]
            count = count + (each[2] >= seconds - 30 * DAY and 1 or 0)
        end
    end
    return count, messages
end

-- The last day is left out, so that a burst does not become a habit while it lasts.
local function hour_permille(habit, seconds)
    local now, all, near = floor(seconds / 3600), 0, 0
    local hours = {unpack(habit[3])}
    for n = 1, #habit[6], 2 do
        if habit[6][n] <= now - 24 then
            local hour = habit[6][n] % 24 + 1
            hours[hour] = hours[hour] + habit[6][n + 1]
        end
    end
    for h = 0, 23 do
        local apart = (h - now) % 24
        all = all + hours[h + 1]
        if apart <= 1 or apart == 23 then
            near = near + hours[h + 1]
        end
    end
    return all > 0 and floor(near * 1000 / all) or 1000
end

local function tell_habit(numbers, habit, network, client, seconds)
    local own, known, one = habit[4][network], habit[5][client], network ~= "" and 1 or 0
    local n = #numbers
    local others, messages = older(habit[5], client, seconds)
    for i, value in ipairs({
        habit[1], habit[2], one + seen_within(habit[4], 3600, seconds, network),
        one + seen_within(habit[4], DAY, seconds, network), own and own[1] or 0,
        own and within_hour(own, seconds) or 0, known and known[1] or 0,
        others + (known and known[2] >= seconds - 30 * DAY and 1 or 0), messages,
        hour_permille(habit, seconds)
    }) do
        numbers[n + i] = value
    end
end

-- Not seen for a month, then not for a day, then the fewest messages: many new ones in a row must
-- not drive out those that are known for long.
local function tells_less(a, b, seconds)
    local age_a, age_b = seconds - a[2], seconds - b[2]
    local rank_a = (age_a > 30 * DAY and 1 or 0) + (age_a > DAY and 1 or 0)
    local rank_b = (age_b > 30 * DAY and 1 or 0) + (age_b > DAY and 1 or 0)
    if rank_a ~= rank_b then
        return rank_a > rank_b
    end
    if a[3] ~= b[3] then
        return a[3] < b[3]
    end
    return a[2] < b[2]
end

local function make_room(those, most, seconds, remember)
    local count, least = 0, nil
    for hash, each in pairs(those) do
        if each[2] < seconds - remember then
            those[hash] = nil
        else
            count = count + 1
            if not least or tells_less(each, those[least], seconds) then
                least = hash
            end
        end
    end
    if count >= most then
        those[least] = nil
    end
end

local function see(those, most, hash, seconds, remember)
    if hash == "" then
        return
    end
    local slice, each = floor(seconds / SLICE), those[hash]
    if not each then
        make_room(those, most, seconds, remember)
        those[hash] = {seconds, seconds, 1, slice, 0, 1}
        return
    end
    -- Ahead by more than an hour: by a clock that was set back since.
    if each[4] > slice + 12 then
        those[hash] = {math.min(each[1], seconds), seconds, each[3] + 1, slice, 0, 1}
        return
    end
    local newest = math.max(each[4], slice)
    local kept = {math.min(each[1], seconds), seconds, each[3] + 1, newest, newest - slice, 1}
    for n = 5, #each, 2 do
        local apart = newest - math.min(each[4] - each[n], newest)
        if apart == newest - slice then
            kept[6] = kept[6] + each[n + 1]
        elseif apart <= 12 then
            kept[#kept + 1], kept[#kept + 2] = apart, each[n + 1]
        end
    end
    those[hash] = kept
end

local function see_hour(habit, seconds)
    local now, recent, found = floor(seconds / 3600), {}, false
    for n = 1, #habit[6], 2 do
        local hour, count = math.min(habit[6][n], now), habit[6][n + 1]
        if hour <= now - 24 then
            habit[3][hour % 24 + 1] = habit[3][hour % 24 + 1] + count
        elseif hour == now and found then
            recent[2] = recent[2] + count
        elseif hour == now then
            found = true
            table.insert(recent, 1, count + 1)
            table.insert(recent, 1, hour)
        else
            recent[#recent + 1], recent[#recent + 2] = hour, count
        end
    end
    if not found then
        table.insert(recent, 1, 1)
        table.insert(recent, 1, now)
    end
    habit[6] = recent
    local all = 0
    for h = 1, 24 do
        all = all + habit[3][h]
    end
    if all > HOURS_FADE then
        for h = 1, 24 do
            habit[3][h] = floor(habit[3][h] / 2)
        end
    end
end

local function habit_write(key, habit, network, client, seconds, remember)
    if habit[1] == 0 or habit[1] > seconds then
        habit[1] = seconds
    end
    habit[2] = habit[2] + 1
    see(habit[4], NETWORKS, network, seconds, remember)
    see(habit[5], CLIENTS, client, seconds, remember)
    see_hour(habit, seconds)
    call("SET", key, cmsgpack.pack(habit), "EX", remember)
end
