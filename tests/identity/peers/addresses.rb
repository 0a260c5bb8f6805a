# Ruby's mail gem. A line in: a field's value in hex; a line out: each address in hex, or "-".
require 'mail'

$stdout.sync = true
while (line = $stdin.gets)
  value = [line.strip].pack('H*')
  found = begin
    Array(Mail.new("From:#{value}\n\nhi\n".b.gsub(/\r?\n/, "\r\n")).from)
  rescue StandardError
    []
  end
  found = found.select { |address| address.is_a?(String) && !address.empty? }
  puts found.empty? ? '-' : found.map { |address| address.b.unpack1('H*') }.join(' ')
end
