# Ruby's mail gem on whole messages. A line in: a message in hex; a line out: each address in hex, or "-".
require 'mail'

$stdout.sync = true
while (line = $stdin.gets)
  message = [line.strip].pack('H*')
  found = begin
    Array(Mail.new(message.b.gsub(/\r?\n/, "\r\n")).from)
  rescue StandardError
    []
  end
  found = found.select { |address| address.is_a?(String) && !address.empty? }
  puts found.empty? ? '-' : found.map { |address| address.b.unpack1('H*') }.join(' ')
end
