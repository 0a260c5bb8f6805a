-- rspamd's reading of addresses, run by `rspamadm lua`. A line in: a field's value in hex; a line out: each
-- address in hex, or "-".
local mempool = require "rspamd_mempool"
local util = require "rspamd_util"

local function to_hex(text)
  return (text:gsub('.', function(byte) return string.format('%02x', byte:byte()) end))
end

for line in io.lines() do
  local value = line:gsub('%x%x', function(pair) return string.char(tonumber(pair, 16)) end)
  local pool = mempool.create()
  local found = {}
  for _, one in ipairs(util.parse_mail_address(value:gsub('[\r\n]', ''), pool, 1000) or {}) do
    if one.addr and one.addr ~= '' then
      found[#found + 1] = to_hex(one.addr)
    end
  end
  io.write(#found > 0 and table.concat(found, ' ') or '-', '\n')
  io.flush()
  pool:destroy()
end
