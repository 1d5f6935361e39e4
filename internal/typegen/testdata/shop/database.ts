export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  __InternalSupabase: {
    PostgrestVersion: "14"
  }
  shop: {
    Tables: {
      customers: {
        Row: {
          class: string | null
          email: string
          id: number
          joined: string
          name: string
          "odd name": string | null
          others: string[] | null
          full_name: string | null
        }
        Insert: {
          class?: string | null
          email: string
          id?: never
          joined?: string
          name: string
          "odd name"?: string | null
          others?: string[] | null
        }
        Update: {
          class?: string | null
          email?: string
          id?: never
          joined?: string
          name?: string
          "odd name"?: string | null
          others?: string[] | null
        }
        Relationships: []
        ComputedFields: "full_name"
      }
      details: {
        Row: {
          line: number
          order_id: number
        }
        Insert: {
          line: number
          order_id: number
        }
        Update: {
          line?: number
          order_id?: number
        }
        Relationships: [
          {
            foreignKeyName: "details_order_id_fkey"
            columns: ["order_id"]
            isOneToOne: true
            referencedRelation: "open_orders"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "details_order_id_fkey"
            columns: ["order_id"]
            isOneToOne: true
            referencedRelation: "orders"
            referencedColumns: ["id"]
          },
        ]
      }
      items: {
        Row: {
          amount: number
          order_id: number
          product_id: number
        }
        Insert: {
          amount?: number
          order_id: number
          product_id: number
        }
        Update: {
          amount?: number
          order_id?: number
          product_id?: number
        }
        Relationships: [
          {
            foreignKeyName: "items_order_id_fkey"
            columns: ["order_id"]
            isOneToOne: false
            referencedRelation: "open_orders"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "items_order_id_fkey"
            columns: ["order_id"]
            isOneToOne: false
            referencedRelation: "orders"
            referencedColumns: ["id"]
          },
          {
            foreignKeyName: "items_product_id_fkey"
            columns: ["product_id"]
            isOneToOne: false
            referencedRelation: "products"
            referencedColumns: ["id"]
          },
        ]
      }
      nothing: {
        Row: {
        }
        Insert: {
        }
        Update: {
        }
        Relationships: []
      }
      orders: {
        Row: {
          bits: string | null
          bool: boolean | null
          bytes: string | null
          char: string | null
          colour: "red" | "blue" | null
          customer_id: number
          float4: number | null
          float8: number | null
          grid: unknown[] | null
          grids: unknown[] | null
          gross: number | null
          history: Database["shop"]["Enums"]["status"][]
          id: number
          inet: string | null
          int2: number | null
          ints: number[] | null
          iv: string | null
          money: string | null
          notes: Json | null
          place: Database["shop"]["CompositeTypes"]["point"] | null
          placed: string | null
          progress: Database["shop"]["Enums"]["status"] | null
          range: string | null
          shade: Json | null
          size: { width: number | null; colours: ("red" | "blue")[] | null } | null
          span: string | null
          status: Database["shop"]["Enums"]["status"]
          tm: string | null
          total: number
          ts: string | null
          tsv: string | null
          uuid: string | null
          xml: string | null
        }
        Insert: {
          bits?: string | null
          bool?: boolean | null
          bytes?: string | null
          char?: string | null
          colour?: "red" | "blue" | null
          customer_id: number
          float4?: number | null
          float8?: number | null
          grid?: unknown[] | null
          grids?: unknown[] | null
          gross?: never
          history?: Database["shop"]["Enums"]["status"][]
          id?: number
          inet?: string | null
          int2?: number | null
          ints?: number[] | null
          iv?: string | null
          money?: string | null
          notes?: Json | null
          place?: Database["shop"]["CompositeTypes"]["point"] | null
          placed?: string | null
          progress?: Database["shop"]["Enums"]["status"] | null
          range?: string | null
          shade?: Json | null
          size?: { width: number | null; colours: ("red" | "blue")[] | null } | null
          span?: string | null
          status?: Database["shop"]["Enums"]["status"]
          tm?: string | null
          total: number
          ts?: string | null
          tsv?: string | null
          uuid?: string | null
          xml?: string | null
        }
        Update: {
          bits?: string | null
          bool?: boolean | null
          bytes?: string | null
          char?: string | null
          colour?: "red" | "blue" | null
          customer_id?: number
          float4?: number | null
          float8?: number | null
          grid?: unknown[] | null
          grids?: unknown[] | null
          gross?: never
          history?: Database["shop"]["Enums"]["status"][]
          id?: number
          inet?: string | null
          int2?: number | null
          ints?: number[] | null
          iv?: string | null
          money?: string | null
          notes?: Json | null
          place?: Database["shop"]["CompositeTypes"]["point"] | null
          placed?: string | null
          progress?: Database["shop"]["Enums"]["status"] | null
          range?: string | null
          shade?: Json | null
          size?: { width: number | null; colours: ("red" | "blue")[] | null } | null
          span?: string | null
          status?: Database["shop"]["Enums"]["status"]
          tm?: string | null
          total?: number
          ts?: string | null
          tsv?: string | null
          uuid?: string | null
          xml?: string | null
        }
        Relationships: [
          {
            foreignKeyName: "orders_customer_id_fkey"
            columns: ["customer_id"]
            isOneToOne: false
            referencedRelation: "customers"
            referencedColumns: ["id"]
          },
        ]
      }
      products: {
        Row: {
          id: number
          name: string | null
        }
        Insert: {
          id: number
          name?: string | null
        }
        Update: {
          id?: number
          name?: string | null
        }
        Relationships: []
      }
    }
    Views: {
      log: {
        Row: {
          one: number | null
        }
        Insert: {
          one?: number | null
        }
        Update: Record<PropertyKey, never>
        Relationships: []
      }
      open_orders: {
        Row: {
          customer_id: number | null
          gross: number | null
          id: number | null
          total: number | null
        }
        Insert: {
          customer_id?: number | null
          gross?: never
          id?: number | null
          total?: number | null
        }
        Update: {
          customer_id?: number | null
          gross?: never
          id?: number | null
          total?: number | null
        }
        Relationships: [
          {
            foreignKeyName: "orders_customer_id_fkey"
            columns: ["customer_id"]
            isOneToOne: false
            referencedRelation: "customers"
            referencedColumns: ["id"]
          },
        ]
      }
      totals: {
        Row: {
          customer_id: number | null
          total: number | null
        }
        Relationships: [
          {
            foreignKeyName: "orders_customer_id_fkey"
            columns: ["customer_id"]
            isOneToOne: false
            referencedRelation: "customers"
            referencedColumns: ["id"]
          },
        ]
      }
    }
    Functions: {
      bought: {
        Args: { "": Database["shop"]["Tables"]["customers"]["Row"] }
        Returns: Database["shop"]["Tables"]["products"]["Row"][]
        SetofOptions: { from: "customers"; to: "products"; isOneToOne: false; isSetofReturn: true }
      }
      favourite: {
        Args: { "": Database["shop"]["Tables"]["customers"]["Row"] }
        Returns: Database["shop"]["Tables"]["products"]["Row"]
        SetofOptions: { from: "customers"; to: "products"; isOneToOne: true; isSetofReturn: true }
      }
      forget: {
        Args: Record<PropertyKey, never>
        Returns: undefined
      }
      mail: {
        Args: Record<PropertyKey, never>
        Returns: string
      }
      middle: {
        Args: Record<PropertyKey, never>
        Returns: Database["shop"]["CompositeTypes"]["point"]
      }
      newest: {
        Args: Record<PropertyKey, never>
        Returns: Database["shop"]["Tables"]["orders"]["Row"]
        SetofOptions: { from: "*"; to: "orders"; isOneToOne: true; isSetofReturn: false }
      }
      outs: {
        Args: Record<PropertyKey, never>
        Returns: { a: number; b: Database["shop"]["Enums"]["status"] }
      }
      pair: {
        Args: Record<PropertyKey, never>
        Returns: Record<string, unknown>
      }
      raw: {
        Args: { "": Json }
        Returns: Json
      }
      report: {
        Args: { since: string }
        Returns: { day: string; sold: number; states: Database["shop"]["Enums"]["status"][] }[]
      }
      search:
        | { Args: { query: number }; Returns: number[] }
        | { Args: { query: string; status?: Database["shop"]["Enums"]["status"]; tags?: string[] }; Returns: Database["shop"]["Tables"]["orders"]["Row"][]; SetofOptions: { from: "*"; to: "orders"; isOneToOne: false; isSetofReturn: true } }
      sizes: {
        Args: Record<PropertyKey, never>
        Returns: { width: number; colours: ("red" | "blue")[] }[]
      }
      span_multirange: {
        Args: Record<PropertyKey, never>
        Returns: string
      }
      statuses: {
        Args: Record<PropertyKey, never>
        Returns: Database["shop"]["Enums"]["status"][]
      }
    }
    Enums: {
      status: "open" | "in \"delivery\"" | "" | "done"
    }
    CompositeTypes: {
      point: {
        x: number | null
        y: number | null
        label: string | null
      }
    }
  }
  archive: {
    Tables: {
      orders: {
        Row: {
          id: number
          state: Database["shop"]["Enums"]["status"] | null
        }
        Insert: {
          id: number
          state?: Database["shop"]["Enums"]["status"] | null
        }
        Update: {
          id?: number
          state?: Database["shop"]["Enums"]["status"] | null
        }
        Relationships: []
      }
    }
    Views: {
      [_ in never]: never
    }
    Functions: {
      [_ in never]: never
    }
    Enums: {
      [_ in never]: never
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}

type Schemas = Omit<Database, "__InternalSupabase">
type DefaultSchema = Schemas["shop"]
type InSchema = { schema: keyof Schemas }
type Relations<S> = S extends { Tables: infer T; Views: infer V } ? T & V : never
type Member<T, Name, Part extends string> = Name extends keyof T ? (T[Name] extends { [_ in Part]: infer R } ? R : never) : never

/** A row: `Tables<"name">`, or `Tables<{ schema: "schema" }, "name">` for another schema than the default. */
export type Tables<
  NameOrSchema extends keyof Relations<DefaultSchema> | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Relations<Schemas[NameOrSchema["schema"]]> : never = never,
> = NameOrSchema extends InSchema
  ? Member<Relations<Schemas[NameOrSchema["schema"]]>, Name, "Row">
  : Member<Relations<DefaultSchema>, NameOrSchema, "Row">

/** What an insert takes. */
export type TablesInsert<
  NameOrSchema extends keyof DefaultSchema["Tables"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["Tables"] : never = never,
> = NameOrSchema extends InSchema
  ? Member<Schemas[NameOrSchema["schema"]]["Tables"], Name, "Insert">
  : Member<DefaultSchema["Tables"], NameOrSchema, "Insert">

/** What an update takes. */
export type TablesUpdate<
  NameOrSchema extends keyof DefaultSchema["Tables"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["Tables"] : never = never,
> = NameOrSchema extends InSchema
  ? Member<Schemas[NameOrSchema["schema"]]["Tables"], Name, "Update">
  : Member<DefaultSchema["Tables"], NameOrSchema, "Update">

/** The labels of an enum. */
export type Enums<
  NameOrSchema extends keyof DefaultSchema["Enums"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["Enums"] : never = never,
> = NameOrSchema extends InSchema
  ? Name extends keyof Schemas[NameOrSchema["schema"]]["Enums"]
    ? Schemas[NameOrSchema["schema"]]["Enums"][Name]
    : never
  : NameOrSchema extends keyof DefaultSchema["Enums"]
    ? DefaultSchema["Enums"][NameOrSchema]
    : never

/** A composite type. */
export type CompositeTypes<
  NameOrSchema extends keyof DefaultSchema["CompositeTypes"] | InSchema,
  Name extends NameOrSchema extends InSchema ? keyof Schemas[NameOrSchema["schema"]]["CompositeTypes"] : never = never,
> = NameOrSchema extends InSchema
  ? Name extends keyof Schemas[NameOrSchema["schema"]]["CompositeTypes"]
    ? Schemas[NameOrSchema["schema"]]["CompositeTypes"][Name]
    : never
  : NameOrSchema extends keyof DefaultSchema["CompositeTypes"]
    ? DefaultSchema["CompositeTypes"][NameOrSchema]
    : never

export const Constants = {
  shop: {
    Enums: {
      status: ["open", "in \"delivery\"", "", "done"],
    },
  },
  archive: {
    Enums: {
    },
  },
} as const
