// SPDX-License-Identifier: MIT
// anchor_xapian.cc -- Xapian in process, as an anchor for searches.
//
//   anchor_xapian index DB ROWS      ROWS: id, title, overview, genres, price, document; tabs between
//   anchor_xapian KIND DB < QUERIES  prints the seconds of each query, top 20 with their documents
//
// KIND: words | prefix | sorted (query, tab, genre; by price) | others are as words.
#include <xapian.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

static std::vector<std::string> split(const std::string &line, char by)
{
    std::vector<std::string> parts;
    std::stringstream in(line);
    for (std::string part; std::getline(in, part, by);)
        parts.push_back(part);
    return parts;
}

static void index_rows(const char *path, const char *rows)
{
    Xapian::WritableDatabase db(path, Xapian::DB_CREATE | Xapian::DB_NO_SYNC);
    Xapian::TermGenerator generator;
    std::ifstream in(rows);
    for (std::string line; std::getline(in, line);) {
        auto row = split(line, '\t');
        Xapian::Document document;
        generator.set_document(document);
        generator.set_termpos(0);
        generator.index_text(row[1]);
        generator.increase_termpos();
        generator.index_text(row[2]);
        for (const auto &genre : split(row[3], ','))
            document.add_boolean_term("XG" + genre);
        document.add_value(0, Xapian::sortable_serialise(std::stod(row[4])));
        document.set_data(row[5]);
        db.add_document(document);
    }
    db.commit();
}

static void run_queries(const std::string &kind, const char *path)
{
    Xapian::Database db(path);
    Xapian::QueryParser parser;
    parser.set_database(db);
    parser.set_default_op(Xapian::Query::OP_AND);
    size_t bytes = 0;
    for (std::string line; std::getline(std::cin, line);) {
        auto parts = split(line, '\t');
        auto start = std::chrono::steady_clock::now();
        Xapian::Enquire enquire(db);
        auto query = parser.parse_query(parts[0], kind == "prefix" ? Xapian::QueryParser::FLAG_PARTIAL : 0);
        if (kind == "sorted") {
            query = Xapian::Query(Xapian::Query::OP_FILTER, query, Xapian::Query("XG" + parts[1]));
            enquire.set_sort_by_value(0, false);
        }
        enquire.set_query(query);
        Xapian::MSet found = enquire.get_mset(0, 20);
        for (auto i = found.begin(); i != found.end(); ++i)
            bytes += i.get_document().get_data().size();
        std::printf("%.6f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    std::fprintf(stderr, "%zu bytes of documents\n", bytes);
}

int main(int argc, char **argv)
{
    if (argc == 4 && std::string(argv[1]) == "index")
        index_rows(argv[2], argv[3]);
    else if (argc == 3)
        run_queries(argv[1], argv[2]);
    else
        return 2;
    return 0;
}
