"""URLs that lead inward, in every spelling that the public lists of such tricks hold, and some that they do not."""

REFUSED = [
    # the address as it is, its neighbours, and where clouds keep their secrets
    *("http://127.0.0.1/", "http://127.127.127.127/", "http://127.0.0.0/", "http://127.255.255.255/", "http://0.0.0.0/"),
    *("http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/", "http://100.64.0.1/"),
    *("http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/", "http://100.100.100.200/", "http://192.0.0.192/"),
    *("http://168.63.129.16/", "http://224.0.0.1/", "http://239.255.255.255/", "http://240.0.0.1/", "http://255.255.255.255/"),
    *("http://198.18.0.1/", "http://192.0.2.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://192.88.99.1/"),
    *("https://127.0.0.1/", "http://127.0.0.1:80", "http://127.0.0.1:443", "http://127.0.0.1:22", "http://127.0.0.1:6379/"),
    # shorter, as one number, octal, hexadecimal, mixed, with zeros before or dots behind
    *("http://0/", "http://0.0/", "http://00/", "http://0x/", "http://0x0/", "http://127.1/", "http://127.0.1/", "http://10.1/"),
    *("http://2130706433/", "http://3232235521/", "http://2852039166/", "http://017700000001/", "http://0x7f000001/"),
    *("http://0177.0.0.1/", "http://0177.1/", "http://0x7f.1/", "http://0x7f.0x0.0x0.0x1/", "http://0X7F.0.0.1/"),
    *("http://0177.0x0.0.1/", "http://00000177.0.0.1/", "http://0x000000007f.1/", "http://127.0.0.1./", "http://127.1./"),
    *("http://2130706433./", "http://0xA9.0xFE.0xA9.0xFE/", "http://0xA9FEA9FE/", "http://0251.0376.0251.0376/"),
    *("http://0251.254.169.254/", "http://169.254.43518/", "http://169.16689662/", "http://192.168.257/"),
    # as readers take it that let numbers overflow, know 0o, or read leading zeros as decimal
    *("http://425.510.425.510/", "http://7147006462/", "http://0x41414141A9FEA9FE/", "http://256.0.0.1/", "http://4294967296/"),
    *("http://0o177.0.0.1/", "http://o177.0.0.1/", "http://q177.0.0.1/", "http://010.8.8.8/", "http://0127.0.0.1/"),
    # other scripts' digits and dots, letters in circles, characters that nobody sees
    *("http://１２７.0.0.1/", "http://１２７．０．０．１/", "http://127。0。0。1/", "http://127｡0｡0｡1/", "http://①②⑦.⓪.⓪.①/"),
    *("http://⑩.0.0.1/", "http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/", "http://⑯⑨。②⑤④。⑯⑨｡②⑤④/", "http://๑๒๗.๐.๐.๑/", "http://١٢٧.٠.٠.١/"),
    *("http://𝟏𝟐𝟕.𝟎.𝟎.𝟏/", "http://127.0.0.\u00ad1/", "http://127\u200b.0.0.1/", "http://127.0.0.1\u2060/", "http://⒑0.0.1/"),
    *("http://0ｘ7f.1/", "http://127.0.0.1\u200d/", "http://\ufeff127.0.0.1/", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "http://loc\u00adalhost/"),
    # percent-encoded, once and more often, and cut off by what a C string or a parser ends at
    *("http://%31%32%37.0.0.1/", "http://127%2e0%2e0%2e1/", "http://%2531%2532%2537.0.0.1/", "http://loc%61lhost/"),
    *("http://127.0.0.1%00.example.com/", "http://127.0.0.1%2f.example.com/", "http://127.0.0.1%23.example.com/"),
    *("http://127.0.0.1%0d%0aHost:%20x/", "http://127.0.0.1%20.example.com/", "http://%5b::1%5d/"),
    *("http://127.0.\n0.1/", "http://127\t.0.0.1/", " \x01http://127.0.0.1/", "http://127.0.0.1\r\nX: y", "ht\ntp://127.0.0.1"),
    # user names, fragments, slashes of both kinds
    *("http://example.com@127.0.0.1/", "http://a:b@127.0.0.1/", "http://foo@example.com@127.0.0.1/", "http://@127.0.0.1/"),
    *("http://127.0.0.1#@example.com/", "http://127.0.0.1?@example.com/", "http://127.0.0.1\\@example.com/"),
    *("http://127.1.1.1:80\\@127.2.2.2:80/", "http://127.1.1.1:80\\@@127.2.2.2:80/", "http://127.1.1.1:80:\\@@127.2.2.2:80/"),
    *("http://127.1.1.1:80#\\@127.2.2.2:80/", "http://example.com;@127.0.0.1/", "http://127.0.0.1/@example.com"),
    *("http:127.0.0.1", "http:/127.0.0.1", "http:///127.0.0.1", "http:\\\\127.0.0.1\\", "http:////127.0.0.1/", "HTTP://127.0.0.1"),
    *("//127.0.0.1/", "127.0.0.1", "127.0.0.1:80/x", "http://127.0.0.1:+80/", "http://127.0.0.1:00011211aaaa/", "http://127.0.0.1:"),
    # other schemes that name an inward host
    *("gopher://127.0.0.1:25/xHELO", "dict://localhost:11211/stat", "ftp://10.0.0.1/", "jar:http://127.0.0.1!/", "ldap://[::1]/"),
    # IPv6: as it is, embedding IPv4 in each way, with zones, in odd forms
    *("http://[::]/", "http://[::]:25/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]/", "http://[0000:0000::0001]:80/"),
    *("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::FFFF:A9FE:A9FE]/", "http://[0:0:0:0:0:ffff:127.0.0.1]/"),
    *("http://[::127.0.0.1]/", "http://[::ffff:0:127.0.0.1]/", "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/"),
    *("http://[64:ff9b:1::10.0.0.1]/", "http://[2002:7f00:1::]/", "http://[2002:c0a8:1::1]/", "http://[2001:0:0:0::1]/"),
    *("http://[2001:0:53aa:64c:0:5efe:7f00:1]/", "http://[2606:4700::5efe:10.0.0.1]/", "http://[2606:4700::200:5efe:a00:1]/"),
    *("http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[::1%25lo]/", "http://[fec0::1]/"),
    *("http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[ff02::1]/", "http://[100::1]/", "http://[2001:db8::1]/"),
    *("http://[3fff::1]/", "http://[5f00::1]/", "http://[2001:10::1]/", "http://[2001:20::1]/", "http://[4000::1]/"),
    *("http://[127.0.0.1]/", "http://[localhost]/", "http://[::1/", "http://::1/", "http://::1:80/", "http://0000::1:80/"),
    *("http://::ffff:127.0.0.1/", "http://[::1]x/", "http://[::1%00]/", "http://user@[::1]/", "http://[::ffff:127.0.0.1%25x]/"),
    # names that are loopback by definition
    *("http://localhost/", "http://LOCALHOST./", "http://localhost:22/", "http://a.b.localhost/", "http://x@localhost/"),
    # names of networks of one's own, and names that say where wildcard DNS leads: here nobody resolves them
    *("http://metadata.google.internal/computeMetadata/v1/", "http://metadata/", "http://instance-data/latest/", "http://printer.local/"),
    *("http://127.0.0.1.nip.io/", "http://app.10.0.0.1.nip.io/", "http://169-254-169-254.sslip.io/", "http://a-192-168-0-1.sslip.io/"),
    *("localhost:+11211aaa", "localhost:00011211aaaa", "http://localhost%00.example.com/"),
]  # fmt: skip
"""Each is to be refused with exit code 77, and to send nothing anywhere."""

UNREADABLE = [
    *("", " ", "x", "example.com", "/path", "http://", "http:///", "http://?q", "http://#", "http:", "http://%/", "http://a..b/"),
    *("http://exa mple.com/", "http://example.com:99999/", "http://example.com:8o/", "http://example.com:-1/", "http://a%00b/"),
    *("ftp://example.com/", "file:///etc/passwd", "file://\\/\\/etc/passwd", "gopher://example.com/_x"),
    *("mailto:a@example.com", "javascript:alert(1)", "data:text/html,x", "netdoc:///etc/passwd", "0://example.com:80;http://example.com:80/"),
    *("http://[", "http://[]/", "http://[::g]/", "http://[v1.x]/", "http://1.2.3.4.5/", "http://foo.09/", "http://\ud800.com/"),
    *("http://300.8.8.8/", "http://xn--a/", "http://\ufdd0.com/", "http://example.com/" + "a" * 9000),
]  # fmt: skip
"""Each is no URL that we read, and no address: exit code 65."""
