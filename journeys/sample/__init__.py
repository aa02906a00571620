"""Sample data: a made-up company's Contact Book with a year behind it, for a first look and for demonstrations."""
