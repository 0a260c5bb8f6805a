-- rspamd on whole messages, run by `rspamadm lua`. A line in: a message in hex; a line out: each address of each
-- From field in hex, or "-".
local rspamd_task = require "rspamd_task"

local function to_hex(text)
  return (text:gsub('.', function(byte) return string.format('%02x', byte:byte()) end))
end

for line in io.lines() do
  local text = line:gsub('%x%x', function(pair) return string.char(tonumber(pair, 16)) end)
  local loaded, task = rspamd_task.load_from_string(text, rspamd_config)
  local found = {}
  if loaded and task:process_message() then
    for _, one in ipairs(task:get_from('mime') or {}) do
      if one.addr and one.addr ~= '' then
        found[#found + 1] = to_hex(one.addr)
      end
    end
  end
  io.write(#found > 0 and table.concat(found, ' ') or '-', '\n')
  io.flush()
  if loaded then
    task:destroy()
  end
end
